import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { sql } from '#database';
import { createPaymentAttention } from '#payments/staff';
import { eventually } from '#testing';
import type { CardCrashSettings } from './card-crash-child.ts';
import { endLeases, hurry, LATER_MS, PATIENCE, startCardChild } from './card-crash-stage.ts';
import { CARDS_NOW, openCardHouse } from './card-fixture.ts';
import type { CardOutside } from './card-outside.ts';

/** Far more points than there are: a child that never comes to its end is a fault. */
const POINTS_MOST = 200;

/**
 * Kills card payments on the way of what payers' banks say, at the first point, at each `stride` behind it, and at last not at
 * all. What is told each time: a dispute that is opened and lost, an early warning of a fraud, and an inquiry.
 */
export function describeDisputeCrashes(
  outside: CardOutside,
  { stride, first = 1 }: { readonly stride: number; readonly first?: number },
): void {
  test(`killed at any point, what banks say through ${outside.name} is kept, posted and told once`, async (t) => {
    const stage = await setStage(outside);
    for (let dieAt = first, killed = true; killed; dieAt += stride) {
      assert.ok(dieAt < POINTS_MOST, 'the work has an end');
      killed = await liveThrough(t, stage, dieAt);
      t.diagnostic(`killed at ${dieAt}: ${killed}`);
    }
  });
}

async function setStage(outside: CardOutside) {
  const house = await openCardHouse(outside, { copies: 0, isOpen: false });
  const { database, port } = house;
  const settings = {
    ...{ url: database.url, gateway: outside.name, simulator: house.outside.url, port },
    now: new Date(CARDS_NOW.getTime() + 60_000).toISOString(),
  };
  return { ...house, attention: createPaymentAttention(house), settings };
}

type Stage = Awaited<ReturnType<typeof setStage>>;

/** True where it was killed on the way. */
async function liveThrough(t: TestContext, stage: Stage, dieAt: number): Promise<boolean> {
  const { outside, settings } = stage;
  const told = await pay(t, stage, settings);
  const child = await startCardChild(t, { ...settings, dieAt });
  await tell(stage, told);
  await eventually(async () => {
    if (!child.isDead()) await assertAllDone(stage, told);
  }, PATIENCE);
  const killed = child.isDead();
  await child.stop();
  if (killed) {
    await endLeases(stage.database);
    const now = new Date(CARDS_NOW.getTime() + LATER_MS).toISOString();
    const second = await startCardChild(t, { ...settings, now, dieAt: 0 });
    await eventually(async () => {
      await outside.tellAgain();
      await hurry(stage.database);
      await assertAllDone(stage, told);
    }, PATIENCE);
    await second.stop();
  }
  await assertBooks(stage, told, `killed at ${dieAt}`);
  return killed;
}

/** Three who have paid, and nothing else under way. */
async function pay(t: TestContext, stage: Stage, settings: Omit<CardCrashSettings, 'dieAt'>) {
  const payments = [await stage.present(), await stage.present(), await stage.present()];
  const calm = await startCardChild(t, { ...settings, dieAt: 0 });
  for (const payment of payments) await stage.outside.pay(await stage.lead(payment));
  await eventually(async () => {
    for (const payment of payments) assert.equal(await stage.stateOf(payment), 'accepted');
    assert.equal(await stage.waiting(), 0);
  }, PATIENCE);
  await calm.stop();
  const [disputed = '', warned = '', asked = ''] = payments;
  return { disputed, warned, asked, before: await stage.balances() };
}

type Told = Awaited<ReturnType<typeof pay>>;

async function tell({ outside, transactionOf }: Stage, { asked, disputed, warned }: Told) {
  assert.ok(outside.dispute && outside.warn && outside.enquire, 'it tells of all of them');
  await outside.warn(await transactionOf(warned));
  await outside.enquire(await transactionOf(asked));
  await outside.dispute(await transactionOf(disputed));
}

async function assertAllDone(stage: Stage, { asked, disputed, warned }: Told): Promise<void> {
  const { refundedMinor } = await stage.payments.report(stage.database.pool, disputed);
  assert.deepEqual(
    {
      refundedMinor,
      disputes: await disputesOf(stage, disputed),
      warnings: await warningsOf(stage, [warned, asked]),
      unread: await stage.waiting(),
    },
    { refundedMinor: 19_900n, disputes: ['lost', 'opened'], warnings: 2, unread: 0 },
  );
}

async function disputesOf({ database, transactionOf }: Stage, payment: string) {
  const { rows } = await sql<{ kind: string }>`
    select kind from payments.dispute where transaction = ${await transactionOf(payment)} order by kind`.execute(
    database.pool,
  );
  return rows.map(({ kind }) => kind);
}

/** How many rows people have of them. */
async function warningsOf({ attention, database }: Stage, payments: readonly string[]) {
  const page = { after: null, kind: 'fraud_warning', limit: 200 };
  const found = await attention.list(database.pool, page);
  return found.filter(({ payment }) => payments.includes(payment ?? '')).length;
}

/** Each was told once, no money is held any more, and only what was lost is gone. */
async function assertBooks(stage: Stage, { before, disputed, ...quiet }: Told, when: string) {
  assert.deepEqual((await stage.disputesOf(disputed)).toSorted(), ['lost', 'opened'], when);
  for (const payment of [quiet.warned, quiet.asked]) {
    assert.deepEqual(await stage.disputesOf(payment), [], when);
    const { refundedMinor } = await stage.payments.report(stage.database.pool, payment);
    assert.equal(refundedMinor, 0n, when);
  }
  assert.equal(
    (await stage.eventsOf(disputed)).filter((one) => one === 'disputed').length,
    2,
    when,
  );
  const after = await stage.balances();
  assert.equal(after.disputed, 0n, when);
  assert.equal((after.revenue ?? 0n) - (before.revenue ?? 0n), -19_900n, when);
  const owed = ({ fees = 0n, receivable = 0n }: Told['before']) => receivable + fees;
  assert.equal(owed(after) - owed(before), -19_900n, when);
  assert.deepEqual(await stage.judge(), [], when);
}
