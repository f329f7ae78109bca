import assert from 'node:assert/strict';
import { type Executor, sql } from '#database';
import type { OperatorBook } from './operator-book.ts';
import type { Stage } from './stage.ts';

/** A grant holds in its slice of a tenth of a second, and for as long again while what it is for is marked as begun. */
const SLICES_OF_GRACE = 0.2;

/** What the operator counted, and how far its count can be trusted. */
export interface CountedRate {
  readonly callsInASecond: number;
  /** So long it stood still itself, once: it counted the calls of that while together with the next second's. */
  readonly stallSeconds: number;
}

export async function readCountedRate(book: OperatorBook): Promise<CountedRate> {
  return {
    callsInASecond: await book.metric('operator_calls_per_second_max'),
    stallSeconds: await book.metric('operator_stall_seconds_max'),
  };
}

/** The most that an operator can count in a second while everybody keeps to one rate. */
export function mostCounted(perSecond: number, { stallSeconds }: CountedRate): number {
  return Math.ceil(perSecond * (1 + SLICES_OF_GRACE + stallSeconds));
}

/** The most calls of any second by our own log of exchanges: when each was sent, not when it arrived. */
export async function mostSentInASecond(executor: Executor): Promise<number> {
  const { rows } = await sql<{ most: number }>`
    with call as (select at - make_interval(secs => took_ms / 1000.0) as sent from reports.transaction_log)
    select coalesce(max((select count(*) from call other
      where other.sent >= call.sent and other.sent < call.sent + interval '1 second')), 0)::int as most
    from call`.execute(executor);
  return rows[0]?.most ?? 0;
}

/** One rate over all copies: by what we sent, exactly, and by what the operator saw arrive. */
export async function assertRateHeld(stage: Stage, perSecond: number): Promise<void> {
  const sent = await mostSentInASecond(stage.database.pool);
  const counted = await readCountedRate(stage.book);
  const most = mostCounted(perSecond, { ...counted, stallSeconds: 0 });
  assert.ok(sent <= most, `${sent} calls sent in a second, ${perSecond} allowed`);
  assert.ok(
    counted.callsInASecond <= mostCounted(perSecond, counted),
    `${counted.callsInASecond} calls arrived in a second, ${perSecond} allowed; it stood still for ${counted.stallSeconds} s`,
  );
}
