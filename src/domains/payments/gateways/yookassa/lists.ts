import type { Json } from '#json';
import { textAt } from '#json';
import type { ListedTransaction } from '#payments/card-gateway';
import { factsOf, readPayment } from './outcomes.ts';

const PAGE_SIZE = 100;

export interface Span {
  readonly what: 'payments' | 'refunds';
  readonly from: Date;
  readonly to: Date;
  readonly cursor?: string | undefined;
  /** Of refunds: those of one payment. */
  readonly of?: string | undefined;
}

export function listPath({ cursor, from, of, to, what }: Span): string {
  const query = new URLSearchParams({
    ...{ limit: String(PAGE_SIZE), 'created_at.gte': from.toISOString() },
    'created_at.lt': to.toISOString(),
    ...(cursor === undefined ? {} : { cursor }),
    ...(of === undefined ? {} : { payment_id: of }),
  });
  return `/${what}?${query}`;
}

const STATES = ['accepted', 'authorized', 'declined', 'voided', 'pending'] as const;

export function toListed(
  object: Json,
  kind: ListedTransaction['kind'],
): readonly ListedTransaction[] {
  const { outcome } = readPayment(object);
  const facts = factsOf(object, kind);
  const state = STATES.find((known) => known === outcome);
  if (!facts || !state) return [];
  const of = textAt(object, 'payment_id');
  return [{ facts, kind, state, ...(of === undefined ? {} : { ofTransaction: of }) }];
}
