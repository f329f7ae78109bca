import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { sql } from '#database';
import { parsePaymentId } from '#payments/payment';
import { eventually } from '#testing';
import type { CardCrashSettings } from './card-crash-child.ts';
import { endLeases, hurry, LATER_MS, PATIENCE, startCardChild } from './card-crash-stage.ts';
import { CARDS_NOW, openCardHouse } from './card-fixture.ts';
import {
  type CloudPaymentsSimulators,
  cloudPaymentsHands,
  cloudPaymentsOutside,
} from './cloudpayments-outside.ts';

/** Far more points than there are: a child that never comes to its end is a fault. */
const POINTS_MOST = 400;
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
  await hands.control('PUT', `sites/${simulators.standardPublicId}`, {
    notifications: { Check: { IsEnabled: false } },
  });
  const { standardPublicId: publicId } = simulators;
  const settings = {
    ...{ url: house.database.url, simulator: house.outside.url, publicId, port: house.port },
    gateway: house.outside.card.name,
  };
  return { ...house, ...hands, settings, round: 0 };
}

type Stage = Awaited<ReturnType<typeof setStage>>;

/** True where it was killed on the way. */
async function liveThrough(t: TestContext, stage: Stage, dieAt: number): Promise<boolean> {
  const { control, settings } = stage;
  const started = { ...settings, now: new Date(CARDS_NOW.getTime() + 60_000).toISOString() };
  const asked = await ask(t, stage, started);
  const child = await startCardChild(t, { ...started, dieAt });
  await pay(stage, asked);
  await eventually(async () => {
    if (!child.isDead()) await assertAllDone(stage, asked);
  }, PATIENCE);
  const killed = child.isDead();
  await child.stop();
  if (killed) {
    await endLeases(stage.database);
    const later = new Date(CARDS_NOW.getTime() + LATER_MS).toISOString();
    const second = await startCardChild(t, { ...started, now: later, dieAt: 0 });
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
      await askAgain(stage, asked);
      await assertAllDone(stage, asked);
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
  const calm = await startCardChild(t, { ...started, dieAt: 0 });
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
  const renewals = { customerId, payments: [renewal] };
  await database.transaction((tx) =>
    payments.cards.confirm(tx, { payment: reserved, amountMinor: 12_000n, reason: 'delivered' }),
  );
  const over = await present({ notAfter: new Date(CARDS_NOW.getTime() + 1) });
  return { refunded, renewals, reserved, over, once: await present(), twice: await present() };
}

type Asked = Awaited<ReturnType<typeof ask>>;

const GOOD = '4000000000003055';

function widgetOf(payment: string) {
  const account = `cus_${parsePaymentId(payment).customerId.toString(36)}`;
  return { InvoiceId: payment, AccountId: account, Amount: 199 };
}

/** A renewal whose order never left is over: it is tried again by whoever asked for it. */
async function askAgain(stage: Stage, asked: Asked): Promise<void> {
  const { customerId, payments } = asked.renewals;
  if ((await stage.stateOf(lastOf(asked))) !== 'declined') return;
  const reference = `renewal/${stage.round}/${payments.length}`;
  payments.push(await stage.renew(customerId, reference));
}

async function pay({ charge, control }: Stage, { once: single, twice }: Asked): Promise<void> {
  await charge(GOOD, widgetOf(single));
  await Promise.all([charge(GOOD, widgetOf(twice)), charge(GOOD, widgetOf(twice))]);
  await control('POST', 'settle', {});
}

async function assertAllDone(stage: Stage, asked: Asked): Promise<void> {
  const { book, stateOf } = { ...stage, ...stage.outside };
  const states = await Promise.all(
    [asked.once, asked.twice, lastOf(asked), asked.reserved, asked.over].map(stateOf),
  );
  const given = await Promise.all([asked.twice, asked.refunded].map(book));
  const found = {
    states,
    refunded: given.map(({ refunded }) => refunded),
    unread: await stage.waiting(),
    open: await listOpen(stage),
  };
  assert.deepEqual(found, {
    states: ['accepted', 'accepted', 'accepted', 'accepted', 'expired'],
    ...{ refunded: [19_900, 5000], unread: 0, open: [] },
  });
}

function lastOf({ renewals }: Asked): string {
  return renewals.payments.at(-1) ?? '';
}

/** What is not over yet, each as a line for whoever reads why it hangs. */
async function listOpen({ database }: Stage): Promise<readonly string[]> {
  const { rows } = await sql<{ open: string }>`
    select to_jsonb(p)::text as open from payments.payment p where closed_at is null
    union all select to_jsonb(o)::text from payments.card_operation o where state = 'open'`.execute(
    database.pool,
  );
  return rows.map(({ open }) => open);
}

async function assertBooks(stage: Stage, asked: Asked, when: string): Promise<void> {
  const { book } = stage.outside;
  const expected: Readonly<Record<string, readonly [number, number, number]>> = {
    [asked.once]: [1, 19_900, 0],
    [asked.twice]: [2, 39_800, 19_900],
    ...Object.fromEntries(asked.renewals.payments.map((one) => [one, [0, 0, 0] as const])),
    [lastOf(asked)]: [1, 19_900, 0],
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
