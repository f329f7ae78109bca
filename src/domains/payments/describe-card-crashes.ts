import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type Database, sql } from '#database';
import { eventually } from '#testing';
import type { CardCrashSettings } from './card-crash-child.ts';
import { CARDS_NOW, openCardHouse } from './card-fixture.ts';
import {
  type CloudPaymentsSimulators,
  cloudPaymentsHands,
  cloudPaymentsOutside,
} from './cloudpayments-outside.ts';
import { parsePaymentId } from './payment.ts';

/** Far more points than there are: a child that never comes to its end is a fault. */
const POINTS_MOST = 400;
const PATIENCE = { timeoutMs: 60_000 };
/** Longer than whoever lives needs for a call, on a slow machine too: his lease is not ended before he is done. */
const HAND_MS = 8000;

/**
 * Kills card payments at their first point, at each `stride` behind it, and at last not at all. What happens each time: a
 * page that is paid and its card kept, one that is paid twice, a refund, a renewal by token, a reservation that is taken, a
 * page that is over.
 */
export function describeCardCrashes(
  simulators: CloudPaymentsSimulators,
  { stride, first = 1 }: { readonly stride: number; readonly first?: number },
): void {
  test('killed at any point, each payer is debited once, what was too much goes back once, and all is posted', async (t) => {
    const stage = await setStage(simulators);
    for (let dieAt = first, killed = true; killed; dieAt += stride) {
      assert.ok(dieAt < POINTS_MOST, 'the work has an end');
      killed = await liveThrough(t, stage, dieAt);
      t.diagnostic(`killed at ${dieAt}: ${killed}`);
    }
  });
}

async function setStage(simulators: CloudPaymentsSimulators) {
  const house = await openCardHouse(cloudPaymentsOutside(simulators), { copies: 0, isOpen: false });
  const hands = cloudPaymentsHands(house.outside.url, simulators);
  // Nobody is there to be asked while the child is dead, and two tabs have to get through.
  await hands.control('PUT', `sites/${simulators.publicId}`, {
    notifications: { Check: { IsEnabled: false } },
  });
  const { publicId } = simulators;
  const settings = {
    ...{ url: house.database.url, simulator: house.outside.url, publicId, port: house.port },
  };
  return { ...house, ...hands, settings, round: 0 };
}

type Stage = Awaited<ReturnType<typeof setStage>>;

interface Child {
  readonly isDead: () => boolean;
  stop(): Promise<void>;
}

async function startChild(t: TestContext, given: CardCrashSettings): Promise<Child> {
  const child = spawn(
    process.execPath,
    [join(import.meta.dirname, 'card-crash-child.ts'), JSON.stringify(given)],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  t.after(() => child.kill('SIGKILL'));
  const exit = once(child, 'exit');
  let isDead = false;
  void exit.then(() => {
    isDead = true;
  });
  const began = await Promise.race([once(child.stdout, 'data'), exit]);
  assert.ok(began[0] !== 1, 'the child could not start');
  return {
    isDead: () => isDead,
    async stop() {
      child.kill('SIGTERM');
      const [code, signal] = await exit;
      assert.ok(signal === 'SIGKILL' || code === 0, `the child ended by itself: ${code} ${signal}`);
    },
  };
}

/** True where it was killed on the way. */
async function liveThrough(t: TestContext, stage: Stage, dieAt: number): Promise<boolean> {
  const { control, settings } = stage;
  const started = { ...settings, now: new Date(CARDS_NOW.getTime() + 60_000).toISOString() };
  const asked = await ask(t, stage, started);
  const child = await startChild(t, { ...started, dieAt });
  await pay(stage, asked);
  await eventually(
    async () => assert.ok(child.isDead() || (await isAllDone(stage, asked))),
    PATIENCE,
  );
  const killed = child.isDead();
  await child.stop();
  if (killed) {
    await endLeases(stage.database);
    const second = await startChild(t, { ...started, dieAt: 0 });
    let endedMs = performance.now();
    await eventually(async () => {
      // What nobody took is told again, and what waits for its time is given free.
      await control('POST', 'clock', { advanceMs: 600_000 });
      await hurry(stage.database);
      // A statement of the dead may have been carried out after its death.
      if (performance.now() - endedMs > HAND_MS) {
        await endLeases(stage.database);
        endedMs = performance.now();
      }
      assert.ok(await isAllDone(stage, asked));
    }, PATIENCE);
    await second.stop();
  }
  await assertBooks(stage, asked, `killed at ${dieAt}`);
  return killed;
}

/** What there is before anything goes wrong. */
async function ask(t: TestContext, stage: Stage, started: Omit<CardCrashSettings, 'dieAt'>) {
  const { charge, control, database, payments, present, stateOf } = stage;
  stage.round += 1;
  const earlier = [await present(), await present()];
  const reserved = await present({ offer: { description: 'A year', twoStage: true } });
  const calm = await startChild(t, { ...started, dieAt: 0 });
  for (const payment of earlier) await charge(GOOD, widgetOf(payment));
  await charge(GOOD, widgetOf(reserved), 'auth');
  await eventually(async () => {
    await control('POST', 'clock', { advanceMs: 1000 });
    for (const payment of earlier) assert.equal(await stateOf(payment), 'accepted');
    assert.equal(await stateOf(reserved), 'authorized');
  }, PATIENCE);
  await calm.stop();
  const [refunded = '', saved = ''] = earlier;
  const { customerId } = parsePaymentId(saved);
  await stage.refund(refunded, 5000n);
  const renewal = await stage.renew(customerId, `renewal/${stage.round}`);
  await database.transaction((tx) =>
    payments.cards.confirm(tx, { payment: reserved, amountMinor: 12_000n, reason: 'delivered' }),
  );
  const over = await present({ notAfter: new Date(CARDS_NOW.getTime() + 1) });
  return { refunded, renewal, reserved, over, once: await present(), twice: await present() };
}

type Asked = Awaited<ReturnType<typeof ask>>;

const GOOD = '4000000000003055';

function widgetOf(payment: string) {
  const account = `cus_${parsePaymentId(payment).customerId.toString(36)}`;
  return { InvoiceId: payment, AccountId: account, Amount: 199 };
}

async function pay({ charge, control }: Stage, { once: single, twice }: Asked): Promise<void> {
  await charge(GOOD, widgetOf(single));
  await Promise.all([charge(GOOD, widgetOf(twice)), charge(GOOD, widgetOf(twice))]);
  await control('POST', 'settle', {});
}

async function isAllDone(stage: Stage, asked: Asked): Promise<boolean> {
  const { book, stateOf } = { ...stage, ...stage.outside };
  const states = await Promise.all(
    [asked.once, asked.twice, asked.renewal, asked.reserved, asked.over].map(stateOf),
  );
  const isEnded = states.join() === 'accepted,accepted,accepted,accepted,expired';
  if (!isEnded || (await stage.waiting()) > 0) return false;
  const given = await Promise.all([asked.twice, asked.refunded].map(book));
  return given.map(({ refunded }) => refunded).join() === '19900,5000' && (await isQuiet(stage));
}

/** Nothing is open any more. */
async function isQuiet({ database }: Stage): Promise<boolean> {
  const { rows } = await sql<{ open: boolean }>`
    select exists (select from payments.payment where closed_at is null)
      or exists (select from payments.card_operation where state = 'open') as open`.execute(
    database.pool,
  );
  return rows[0]?.open === false;
}

/** As if the time of the leases had passed: liveness is the database's clock, which no test can move. For when all hands are dead, or should be done. */
async function endLeases(database: Database): Promise<void> {
  await sql`update payments.payment set lease_until = least(lease_until, clock_timestamp() - interval '1 hour')
    where closed_at is null`.execute(database.pool);
  await hurry(database);
}

/** The same while somebody works: what he has claimed or sent is his, and a slow machine takes its time over it. */
async function hurry(database: Database): Promise<void> {
  await sql`update payments.payment set lease_until = least(lease_until, clock_timestamp() - interval '1 hour'),
    next_inquiry_at = case when next_inquiry_at is null then null else clock_timestamp() end
    where closed_at is null and state not in ('claimed', 'sending')`.execute(database.pool);
  await sql`update payments.notification set next_try_at = null where state = 'new'`.execute(
    database.pool,
  );
  await sql`update payments.card_operation set next_try_at = '-infinity' where state = 'open'`.execute(
    database.pool,
  );
}

async function assertBooks(stage: Stage, asked: Asked, when: string): Promise<void> {
  const { book } = stage.outside;
  const expected: Readonly<Record<string, readonly [number, number, number]>> = {
    [asked.once]: [1, 19_900, 0],
    [asked.twice]: [2, 39_800, 19_900],
    [asked.renewal]: [1, 19_900, 0],
    [asked.refunded]: [1, 19_900, 5000],
    [asked.reserved]: [1, 12_000, 0],
    [asked.over]: [0, 0, 0],
  };
  for (const [payment, [debits, debited, refunded]] of Object.entries(expected))
    assert.deepEqual(await book(payment), { debits, debited, refunded }, `${payment}, ${when}`);
  assert.deepEqual(await stage.judge(), [], when);
  const { customerId } = parsePaymentId(asked.once);
  const cards = await stage.payments.cards.list(stage.database.pool, customerId);
  assert.equal(cards.filter(({ isDefault }) => isDefault).length, 1, `one card was kept, ${when}`);
  // What the customers have paid and not got back is what the gateway owes us, but for its fees.
  const { fees = 0n, receivable = 0n, suspense = 0n } = await stage.balances();
  const kept = BigInt(stage.round) * (19_900n * 5n - 5000n + 12_000n - 19_900n + 19_900n);
  assert.equal(receivable + fees, kept, when);
  assert.equal(suspense, 0n, when);
}
