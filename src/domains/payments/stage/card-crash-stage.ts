import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { type Database, sql } from '#database';
import { type CrashChild, startCrashChild } from '#testing';
import type { CardCrashSettings } from './card-crash-child.ts';

/** What tests of crashes of card payments have in common. */

/** A slow machine takes its time over what several processes do one after the other. */
export const PATIENCE = { timeoutMs: 60_000 };
/** How much later whoever comes after one that was killed begins. */
export const LATER_MS = 600_000;

/** Card payments in a process of their own. */
export function startCardChild(t: TestContext, given: CardCrashSettings): Promise<CrashChild> {
  return startCrashChild(t, join(import.meta.dirname, 'card-crash-child.ts'), given);
}

/** As if the time of the leases had passed: liveness is the database's clock, which no test can move. For when all hands are dead, or should be done. */
export async function endLeases(database: Database): Promise<void> {
  await sql`update payments.payment set lease_until = least(lease_until, clock_timestamp() - interval '1 hour')
    where closed_at is null`.execute(database.pool);
  await hurry(database);
}

/** The same while somebody works: what he has claimed or sent is his, and a slow machine takes its time over it. */
export async function hurry(database: Database): Promise<void> {
  await sql`update payments.payment set lease_until = least(lease_until, clock_timestamp() - interval '1 hour'),
    next_inquiry_at = case when next_inquiry_at is null then null else clock_timestamp() end
    where closed_at is null and state not in ('claimed', 'sending')`.execute(database.pool);
  await sql`update payments.notification set next_try_at = null where state = 'new'`.execute(
    database.pool,
  );
  await sql`update payments.card_operation set next_try_at = '-infinity' where state = 'open'`.execute(
    database.pool,
  );
  await sql`update payments.fiscal_question set lease_until = '-infinity' where state = 'open'`.execute(
    database.pool,
  );
}
