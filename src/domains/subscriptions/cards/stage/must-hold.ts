import assert from 'node:assert/strict';
import { type Database, sql } from '#database';
import { isAlive } from '#subscriptions/subscription';
import type { Life } from './life.ts';

/** What must hold whatever has happened, by the gateway's own book and by ours. */
export async function mustHold(database: Database, life: Life): Promise<void> {
  const { attention, bill, dueAt, status } = await life.now();
  const { rows } = await sql<{
    period: number;
    state: string;
    amount_minor: bigint;
    covers: number;
    kind: string;
  }>`
    select b.period, b.state, b.amount_minor, x.covers, x.kind from subscriptions.bill b
    join subscriptions.card_bill x using (customer_id, subscription_id, period)
    where b.customer_id = ${life.key.customerId} and b.subscription_id = ${life.key.id}`.execute(
    database.pool,
  );
  const book = await life.bookByBill();
  for (const row of rows) {
    const taken = book.get(row.period) ?? 0;
    const owed = row.state === 'paid' ? Number(row.amount_minor) : 0;
    assert.equal(
      taken,
      owed,
      `bill ${row.period} is ${row.state}: the card gave what we say it gave`,
    );
  }
  const covered = rows.filter((row) => row.state === 'paid' && row.kind !== 'change');
  assert.equal(
    new Set(covered.map(({ covers }) => covers)).size,
    covered.length,
    'no period twice',
  );
  assert.ok(rows.filter(({ state }) => state === 'open').length <= 1);
  if (!isAlive(status)) {
    assert.equal(dueAt, null);
    assert.equal(
      rows.some(({ state }) => state === 'open'),
      false,
      'nothing is owed after the end',
    );
  } else assert.ok(dueAt || attention || bill?.isUnderWay, 'nothing alive is forgotten');
}
