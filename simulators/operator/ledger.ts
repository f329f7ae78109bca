import type { Credit, Debit, OperatorStore } from './store.ts';

export interface LedgerQuery {
  readonly msisdn: string | undefined;
  readonly transactionId: string | undefined;
  /** Only entries after this sequence number. */
  readonly afterSequence: number;
  /** Only entries at or after this moment (ISO 8601, UTC). */
  readonly sinceTime: string | undefined;
}

export interface Repetition {
  readonly key: string;
  readonly count: number;
  readonly sumMinor: number;
}

export interface LedgerSummary {
  readonly total: number;
  readonly sumMinor: number;
  readonly transactions: number;
  readonly repeatedTransactions: readonly Repetition[];
  readonly repeatedExternalData: readonly Repetition[];
}

export function selectDebits(store: OperatorStore, query: LedgerQuery): readonly Debit[] {
  const { msisdn, afterSequence, sinceTime } = query;
  const all = mostNarrow(store, query);
  if (msisdn === undefined && afterSequence === 0 && sinceTime === undefined) return all;
  return all.filter((debit) => matches(debit, query));
}

/** Credits are few: they are looked through one by one. */
export function selectCredits(store: OperatorStore, query: LedgerQuery): readonly Credit[] {
  const { msisdn, transactionId } = query;
  const all = msisdn === undefined ? store.credits : (store.customers.get(msisdn)?.credits ?? []);
  return all.filter(
    (credit) =>
      (transactionId === undefined || credit.transactionId === transactionId) &&
      matches(credit, query),
  );
}

function matches(entry: Debit, { afterSequence, msisdn, sinceTime }: LedgerQuery): boolean {
  return (
    (msisdn === undefined || entry.msisdn === msisdn) &&
    entry.sequence > afterSequence &&
    (sinceTime === undefined || entry.at >= sinceTime)
  );
}

function mostNarrow(store: OperatorStore, query: LedgerQuery): readonly Debit[] {
  if (query.transactionId !== undefined) {
    const first = store.firstDebits.get(query.transactionId);
    if (first === undefined) return [];
    return [first, ...(store.repeatedDebits.get(query.transactionId) ?? [])];
  }
  if (query.msisdn !== undefined) return store.customers.get(query.msisdn)?.debits ?? [];
  // The sequence is the place in the list: pages of a long book cost their own length only.
  return query.afterSequence > 0 ? store.debits.slice(query.afterSequence) : store.debits;
}

export function summarise(debits: readonly Debit[]): LedgerSummary {
  const byTransaction = groupBy(debits, (debit) => debit.transactionId);
  const byExternalData = groupBy(debits, (debit) => debit.externalData);
  byExternalData.delete('');
  let sumMinor = 0;
  for (const debit of debits) sumMinor += debit.amountMinor;
  return {
    total: debits.length,
    sumMinor,
    transactions: byTransaction.size,
    repeatedTransactions: repeated(byTransaction),
    repeatedExternalData: repeated(byExternalData),
  };
}

function groupBy(debits: readonly Debit[], key: (debit: Debit) => string): Map<string, Repetition> {
  const groups = new Map<string, { key: string; count: number; sumMinor: number }>();
  for (const debit of debits) {
    const name = key(debit);
    const group = groups.get(name);
    if (group === undefined) {
      groups.set(name, { key: name, count: 1, sumMinor: debit.amountMinor });
    } else {
      group.count += 1;
      group.sumMinor += debit.amountMinor;
    }
  }
  return groups;
}

function repeated(groups: ReadonlyMap<string, Repetition>): readonly Repetition[] {
  return [...groups.values()].filter((group) => group.count > 1);
}
