import { json, Problem, type Reply, readMsisdn, readNumber } from '#simulators/kit';
import {
  type LedgerQuery,
  type Repetition,
  selectCredits,
  selectDebits,
  summarise,
} from './ledger.ts';
import { formatMetrics } from './metrics.ts';
import type { MoPost } from './mo.ts';
import type { Operator } from './operator.ts';
import type { Debit, Message, OperatorStore } from './store.ts';

/** A whole benchmark's book in one answer, yet no more text than a process can hold. */
const longestPage = 100_000;
const standardMessagePage = 1_000;
const repetitionsShown = 1_000;

export function showLedger(operator: Operator, query: URLSearchParams): Reply {
  const limit = readLimit(query, longestPage);
  const debits = selectDebits(operator.store, readLedgerQuery(query));
  if (query.get('summary') === '1') return json(200, toSummary(debits));
  const { page, ...rest } = pageOf(debits, limit);
  return json(200, { debits: page, ...rest });
}

export function showCredits(operator: Operator, query: URLSearchParams): Reply {
  const credits = selectCredits(operator.store, readLedgerQuery(query));
  const { page, ...rest } = pageOf(credits, readLimit(query, longestPage));
  return json(200, { credits: page, ...rest });
}

function pageOf(entries: readonly Debit[], limit: number) {
  const page = entries.slice(0, limit);
  const next = entries.length > page.length ? (page.at(-1)?.sequence ?? null) : null;
  return { page: page.map(toApi), total: entries.length, next_since: next };
}

export function showMessages(operator: Operator, query: URLSearchParams): Reply {
  const msisdn = query.get('msisdn');
  const limit = readLimit(query, standardMessagePage);
  const after = readNumber(query.get('since') ?? 0, { field: 'since', min: 0, max: 1e15 });
  const { store } = operator;
  const all =
    msisdn === null
      ? store.messages.slice(after)
      : (store.customers.get(readMsisdn(msisdn, 'msisdn'))?.messages ?? []);
  const messages = all.filter((message) => message.sequence > after);
  const page = messages.slice(0, limit);
  const next = messages.length > page.length ? (page.at(-1)?.sequence ?? null) : null;
  const shown = page.map((message) => messageToApi(store, message));
  return json(200, { messages: shown, total: messages.length, next_since: next });
}

export function showMetrics(operator: Operator, moPost: MoPost): Reply {
  const { store, gate, calls } = operator;
  let incoming = 0;
  for (const message of store.messages) if (message.direction === 'mo') incoming += 1;
  const body = formatMetrics(calls, [
    {
      name: 'operator_calls_per_second_max',
      type: 'gauge',
      text: 'The most calls that arrived in any second (sliding), refused ones included.',
      value: gate.arrived.highest,
    },
    {
      name: 'operator_stall_seconds_max',
      type: 'gauge',
      text: 'The longest that it stood still itself: so much of the calls of another second it may have counted.',
      value: operator.stalls.max / 1e9,
    },
    counter('operator_debits_total', 'Debits in the book.', store.debits.length),
    counter('operator_debited_minor_total', 'Their sum, in minor units.', store.debitedMinor),
    counter('operator_credits_total', 'Credits in the book.', store.credits.length),
    counter('operator_credited_minor_total', 'Their sum, in minor units.', store.creditedMinor),
    counter('operator_sms_delivered_total', 'SMS on handsets.', store.messages.length - incoming),
    counter('operator_sms_received_total', 'SMS that customers sent.', incoming),
    {
      name: 'operator_mo_waiting',
      type: 'gauge',
      text: 'SMS of customers that the platform has not taken yet.',
      value: moPost.waiting,
    },
  ]);
  return { status: 200, type: 'text/plain; version=0.0.4; charset=utf-8', body };
}

function counter(name: string, text: string, value: number) {
  return { name, type: 'counter', text, value } as const;
}

function readLedgerQuery(query: URLSearchParams): LedgerQuery {
  const msisdn = query.get('msisdn');
  const since = query.get('since');
  const bySequence = since !== null && /^\d{1,15}$/.test(since);
  return {
    msisdn: msisdn === null ? undefined : readMsisdn(msisdn, 'msisdn'),
    transactionId: query.get('transaction_id') ?? undefined,
    afterSequence: bySequence ? Number(since) : 0,
    sinceTime: since === null || bySequence ? undefined : readTime(since),
  };
}

function readTime(since: string): string {
  const time = new Date(since);
  if (Number.isNaN(time.getTime())) {
    throw new Problem(400, 'since is a sequence number or an ISO 8601 time', 'since');
  }
  return time.toISOString();
}

function readLimit(query: URLSearchParams, fallback: number): number {
  return readNumber(query.get('limit') ?? fallback, { field: 'limit', min: 1, max: longestPage });
}

function toSummary(debits: readonly Debit[]) {
  const summary = summarise(debits);
  return {
    total: summary.total,
    sum_minor: summary.sumMinor,
    transactions: summary.transactions,
    duplicates: summary.repeatedTransactions.length,
    duplicate_transactions: repetitionsToApi(summary.repeatedTransactions, 'transaction_id'),
    external_data_duplicates: summary.repeatedExternalData.length,
    duplicate_external_data: repetitionsToApi(summary.repeatedExternalData, 'external_data'),
  };
}

function repetitionsToApi(repetitions: readonly Repetition[], name: string) {
  return repetitions
    .slice(0, repetitionsShown)
    .map(({ key, count, sumMinor }) => ({ [name]: key, count, sum_minor: sumMinor }));
}

function toApi(debit: Debit) {
  return {
    sequence: debit.sequence,
    msisdn: debit.msisdn,
    transaction_id: debit.transactionId,
    amount_minor: debit.amountMinor,
    currency: debit.currency,
    at: debit.at,
    origin_time: debit.originTime,
    external_data: debit.externalData,
    balance_after_minor: debit.balanceAfterMinor,
  };
}

function messageToApi(store: OperatorStore, message: Message) {
  const { sequence, direction, id, clientId, from, to, text, at } = message;
  const state = direction === 'mt' ? 'delivered' : store.moStates.get(id);
  return { sequence, direction, id, client_id: clientId, from, to, text, at, state };
}
