import type { Offer } from '#payments';
import type { PricedSubscription } from '#subscriptions/pricing';
import type { PlannedMove } from './card-case.ts';

/**
 * What prices are computed from, in its column and back, exactly: JSON has neither bigints nor instants, so they are told apart
 * by a mark. A quote's hash is over all of it, so nothing may be lost, and nothing added, on the way.
 */
export function pricedToRow(priced: PricedSubscription): string {
  return JSON.stringify(mark(priced));
}

export function pricedFromRow(stored: unknown): PricedSubscription {
  return unmark(stored) as PricedSubscription;
}

export function receiptToRow(receipt: Offer['receipt'] | null): string | null {
  return receipt ? JSON.stringify(mark(receipt)) : null;
}

export function receiptFromRow(stored: unknown): NonNullable<Offer['receipt']> | null {
  return stored === null ? null : (unmark(stored) as NonNullable<Offer['receipt']>);
}

export function moveToRow(move: PlannedMove | null): string | null {
  return move ? JSON.stringify(mark(move)) : null;
}

export function moveFromRow(stored: unknown): PlannedMove | null {
  return stored === null ? null : (unmark(stored) as PlannedMove);
}

function mark(value: unknown): unknown {
  if (typeof value === 'bigint') return { $n: value.toString() };
  if (value instanceof Date) return { $t: value.toISOString() };
  if (Array.isArray(value)) return value.map(mark);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, mark(one)]));
}

function unmark(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(unmark);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value);
  const [first] = entries;
  if (entries.length === 1 && first) {
    if (first[0] === '$n') return BigInt(first[1]);
    if (first[0] === '$t') return new Date(first[1]);
  }
  return Object.fromEntries(entries.map(([name, one]) => [name, unmark(one)]));
}
