import type { Offer } from '#payments';
import type { CardCase, PlannedMove } from '#subscriptions/cards/card-case';
import type { PricedSubscription } from '#subscriptions/pricing';

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

/** What a subscription is priced from, in its columns: whole, or as the paid bill that made it so and what was paid for that. */
export interface PricedColumns {
  readonly priced: unknown;
  readonly priced_after: unknown;
  readonly payments: unknown;
}

export function pricedFromColumns({
  payments,
  priced,
  priced_after: after,
}: PricedColumns): PricedSubscription {
  if (priced !== null) return pricedFromRow(priced);
  return {
    ...pricedFromRow(after),
    payments: unmark(payments) as PricedSubscription['payments'],
  };
}

export interface NewPricedColumns {
  /** It is as it was read: its columns stay. */
  readonly keeps: boolean;
  readonly priced: string | null;
  readonly bill: number | null;
  readonly payments: string | null;
}

const KEPT: NewPricedColumns = { keeps: true, priced: null, bill: null, payments: null };

export function pricedToColumns({ asRead, bill, priced }: CardCase): NewPricedColumns {
  if (priced === asRead?.priced) return KEPT;
  if (bill?.state !== 'paid' || !isMadeBy(bill.after, priced))
    return { keeps: false, priced: pricedToRow(priced), bill: null, payments: null };
  const payments = JSON.stringify(mark(priced.payments));
  return { keeps: false, priced: null, bill: bill.number, payments };
}

/** True where each member is the very same, but for the payments. */
function isMadeBy(after: PricedSubscription, priced: PricedSubscription): boolean {
  const names = new Set([...Object.keys(after), ...Object.keys(priced)]);
  names.delete('payments');
  return [...names].every((name) => {
    const member = name as keyof PricedSubscription;
    return after[member] === priced[member];
  });
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
  return mapInside(value, mark);
}

function unmark(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const { $n: minor, $t: time } = value as Readonly<Record<string, unknown>>;
  if (typeof minor === 'string') return BigInt(minor);
  if (typeof time === 'string') return new Date(time);
  return mapInside(value, unmark);
}

/** By a loop: it runs over every field of every subscription that is read or written. */
function mapInside(value: unknown, map: (inside: unknown) => unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(map);
  const mapped: Record<string, unknown> = {};
  for (const name of Object.keys(value))
    mapped[name] = map((value as Readonly<Record<string, unknown>>)[name]);
  return mapped;
}
