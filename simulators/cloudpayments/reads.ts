import {
  type Acquirer,
  type LedgerEntry,
  type Notification,
  summarise,
  type Transaction,
} from '#simulators/cloudpayments/acquirer';
import { json, Problem, type Reply, readNumber } from '#simulators/kit';

const pageMax = 100_000;
const listedMax = 1_000;

/** What cards were really debited and credited. */
export function showLedger({ store }: Acquirer, query: URLSearchParams): Reply {
  const matches = (entry: LedgerEntry) =>
    isWanted(query, 'invoice', entry.invoiceId) &&
    isWanted(query, 'account', entry.accountId) &&
    isWanted(query, 'site', entry.site) &&
    isCard(query.get('card'), entry);
  if (query.get('summary') === '1') {
    const { invoices, wrong, ...sums } = summarise(store.entries.filter(matches));
    const shown = { invoices: invoices.slice(0, pageMax), wrong: wrong.slice(0, listedMax) };
    return json(200, { ...sums, wrongCount: wrong.length, ...shown });
  }
  const { after, limit } = readPage(query);
  // The sequence is the place in the list: pages of a long book cost their own length only.
  const found: LedgerEntry[] = [];
  let last = after;
  for (; last < store.entries.length && found.length < limit; last += 1) {
    const entry = store.entries[last];
    if (entry && matches(entry)) found.push(entry);
  }
  const next = last < store.entries.length ? last : null;
  return json(200, { entries: found, total: store.entries.length, next_after: next });
}

function isWanted(query: URLSearchParams, name: string, value: string | null): boolean {
  const wanted = query.get(name);
  return wanted === null || wanted === value;
}

/** A number, its first six and last four, or its id. */
function isCard(wanted: string | null, { card, cardId }: LedgerEntry): boolean {
  if (wanted === null) return true;
  if (wanted.startsWith('cd_')) return wanted === cardId;
  return `${wanted.slice(0, 6)}******${wanted.slice(-4)}` === card;
}

function readPage(query: URLSearchParams) {
  const read = (field: string, fallback: number, max: number) =>
    readNumber(query.get(field) ?? fallback, { field, min: 0, max });
  return {
    after: read('after', 0, Number.MAX_SAFE_INTEGER),
    limit: read('limit', pageMax, pageMax),
  };
}

/** As the simulator has them; the newest last. */
export function showTransactions({ store }: Acquirer, query: URLSearchParams): Reply {
  const { after, limit } = readPage(query);
  const found: Transaction[] = [];
  for (const each of store.transactions.values()) {
    const isMatch =
      each.id > after &&
      isWanted(query, 'invoice', each.invoiceId) &&
      isWanted(query, 'account', each.accountId) &&
      isWanted(query, 'site', each.site);
    if (isMatch && found.length < limit) found.push(each);
  }
  return json(200, { transactions: found.map(withoutSecrets), total: store.transactions.size });
}

/** What the bank's page answers is for the holder alone. */
function withoutSecrets({ threeDs: _threeDs, ...transaction }: Transaction) {
  return transaction;
}

export function showNotifications({ store }: Acquirer, query: URLSearchParams): Reply {
  const { after, limit } = readPage(query);
  const found: Notification[] = [];
  for (const each of store.notifications.values()) {
    const isMatch =
      each.id > after &&
      isWanted(query, 'invoice', each.invoiceId) &&
      isWanted(query, 'type', each.type) &&
      isWanted(query, 'state', each.state);
    if (isMatch && found.length < limit) found.push(each);
  }
  return json(200, { notifications: found, total: store.notifications.size });
}

export function showReceipts({ store }: Acquirer): Reply {
  return json(200, { receipts: [...store.receipts.values()].slice(-listedMax) });
}

export function showTransaction({ store }: Acquirer, id: string): Reply {
  const transaction = store.transactions.get(Number(id));
  if (transaction === undefined) throw new Problem(404, 'No such transaction');
  return json(200, withoutSecrets(transaction));
}
