import { at, type Json, listAt, textAt } from '#json';
import type { Dispute, ListedTransaction } from '#payments/card-gateway';
import { fail, unknown } from '#payments/card-talk';
import type { StripeTalk } from './client.ts';
import { toDispute } from './notifications.ts';
import { factsOf, idAt, readIntent, readRefund } from './outcomes.ts';

const PAGE_SIZE = 100;

export interface Span {
  readonly from: Date;
  readonly to: Date;
  readonly page?: string;
}

/** The words of their lists for a span and the page after an object of theirs. */
export function pageOf({ from, to }: Span, after: string | undefined) {
  return {
    created: { gte: seconds(from), lte: seconds(to) },
    limit: PAGE_SIZE,
    ...(after === undefined || after === '' ? {} : { starting_after: after }),
  };
}

function seconds(date: Date): number {
  return Math.floor(date.getTime() / 1000);
}

/** A page of theirs, and the id to go on after; undefined where it is none. */
export function readPage(json: Json) {
  const items = listAt(json, 'data');
  const last = textAt(items.at(-1), 'id');
  if (textAt(json, 'object') !== 'list') return unknown('unreadable');
  const after = at(json, 'has_more') === true ? last : undefined;
  return { outcome: 'page', items, after } as const;
}

const ABOUT = { kind: 'inquiry', reference: '' } as const;

/** PaymentIntents first, then refunds: a page is named by which of them, and the last that was seen. */
export async function list(talk: StripeTalk, span: Span) {
  const [, what, after] = /^(payments|refunds):(.*)$/s.exec(span.page ?? '') ?? [];
  const isRefunds = what === 'refunds';
  const { result } = await talk.say(
    ABOUT,
    ({ paymentIntents, refunds }) =>
      isRefunds
        ? refunds.list(pageOf(span, after))
        : paymentIntents.list({ ...pageOf(span, after), expand: ['data.latest_charge'] }),
    readPage,
  );
  if (result.outcome !== 'page') throw incomplete('payments');
  const transactions = result.items.flatMap(isRefunds ? toListedRefund : toListedPayment);
  const kind = isRefunds ? 'refunds' : 'payments';
  if (result.after !== undefined) return { transactions, next: `${kind}:${result.after}` };
  return isRefunds ? { transactions } : { transactions, next: 'refunds:' };
}

export async function listDisputes(talk: StripeTalk, span: Span) {
  const { result } = await talk.say(
    ABOUT,
    ({ disputes }) => disputes.list(pageOf(span, span.page)),
    readPage,
  );
  if (result.outcome !== 'page') throw incomplete('disputes');
  const disputes: readonly Dispute[] = result.items.flatMap((one) => toDispute(one) ?? []);
  return { disputes, ...(result.after === undefined ? {} : { next: result.after }) };
}

function incomplete(what: string): Error {
  return fail('gateway_list_unreadable', `The list of ${what} did not come. Try again later.`);
}

const STATES = ['accepted', 'authorized', 'declined', 'voided', 'pending'] as const;

function toListedPayment(intent: Json): readonly ListedTransaction[] {
  const outcome = readIntent(intent);
  const state = STATES.find((known) => known === outcome.outcome) ?? 'pending';
  const facts = 'facts' in outcome ? outcome.facts : factsOf(intent, 'amount');
  return facts ? [{ facts, kind: 'payment', state }] : [];
}

function toListedRefund(refund: Json): readonly ListedTransaction[] {
  const { outcome } = readRefund(refund);
  const state = STATES.find((known) => known === outcome) ?? 'pending';
  const facts = factsOf(refund, 'amount');
  const of = idAt(refund, 'payment_intent');
  if (!facts) return [];
  return [{ facts, kind: 'refund', state, ...(of === undefined ? {} : { ofTransaction: of }) }];
}
