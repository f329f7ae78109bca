import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type PaymentDispute, paymentDisputes } from '#payments';
import * as gateway from '#simulators/cloudpayments';
import { billReference } from '#subscriptions/subscription';
import { openShop } from './fixture.ts';
import { GOOD, type Life, lives, OTHER } from './life.ts';
import { mustHold } from './must-hold.ts';

const shop = await openShop(gateway);
const { bus, cards, clock, database } = shop;
const { begin, buys, decline, quiet, until } = lives(shop);

const DAY_MS = 86_400_000;

/** What may happen to a subscription, in any order. */
const turn = fc.oneof(
  { weight: 4, arbitrary: fc.record({ days: fc.integer({ min: 1, max: 25 }) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      command: fc.constantFrom('repay', 'pause', 'resume', 'change', 'cancel' as const),
      timing: fc.constantFrom('period_end' as const, undefined),
      quantity: fc.integer({ min: 1, max: 3 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ declined: fc.constantFrom(5051, 5041, 5091, 5206) }) },
  { weight: 1, arbitrary: fc.constant({ page: true as const }) },
  { weight: 1, arbitrary: fc.constant({ removes: true as const }) },
  {
    weight: 1,
    arbitrary: fc.record({ dispute: fc.constantFrom('opened', 'lost', 'won', 'fee' as const) }),
  },
);
type Turn = typeof turn extends fc.Arbitrary<infer One> ? One : never;

async function take(life: Life, one: Turn): Promise<void> {
  if ('days' in one) await until(new Date(clock.nowMs() + one.days * DAY_MS).toISOString());
  else if ('declined' in one) await decline(one.declined);
  else if ('page' in one) await leaveCard(life);
  else if ('removes' in one) await removeCard(life);
  else if ('dispute' in one) await dispute(life, one.dispute);
  else {
    const { command, quantity, timing } = one;
    const more = timing === undefined ? {} : { timing };
    await life.says(command, command === 'change' ? { ...more, quantity } : more);
  }
  await quiet();
}

async function leaveCard(life: Life): Promise<void> {
  const { endedAt, bill } = await life.now();
  if (endedAt || (bill?.isUnderWay && !bill.pagePayment)) return;
  const page = await database.transaction((tx) => cards.cardPage(tx, life.subscription));
  await life.pays(OTHER, page.payment).catch(() => undefined);
}

async function removeCard(life: Life): Promise<void> {
  const [card] = await cards.cards(database.pool, life.msisdn);
  if (!card) return;
  const act = { msisdn: life.msisdn, card: card.card, actor: 'test', reason: 'asked' };
  await database.transaction((tx) => cards.removeCard(tx, act));
}

/** Its bank says it of the first payment, at whatever moment. */
async function dispute(life: Life, kind: PaymentDispute['kind']): Promise<void> {
  const told: PaymentDispute = {
    ...{ payment: life.payment, reference: billReference(life.key, 0), msisdn: life.msisdn },
    ...{ gateway: 'cloudpayments', dispute: 'du_1', kind, amount_minor: 19_900, currency: 'RUB' },
    at: clock.now().toISOString(),
  };
  await database.transaction((tx) =>
    bus.publish(tx, paymentDisputes, [{ key: '1', payload: told }]),
  );
  await quiet();
  const isAgainstUs = kind === 'opened' || kind === 'lost';
  if (isAgainstUs) assert.ok((await life.now()).endedAt, 'it has ended');
}

test('whatever happens in whichever order, each period is paid once at most, and nothing alive is forgotten', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(turn, { minLength: 4, maxLength: 14 }), async (turns) => {
      await begin();
      const life = await buys();
      await life.pays(GOOD);
      for (const one of turns) {
        await take(life, one);
        await mustHold(database, life);
      }
      await life.says('cancel', { timing: 'now' });
      const before = await life.bookByBill();
      await until(new Date(clock.nowMs() + 60 * DAY_MS).toISOString());
      assert.deepEqual(await life.bookByBill(), before, 'who has ended is never charged again');
      await mustHold(database, life);
      await fetch(`${shop.gatewayUrl}/control/scenarios`, { method: 'DELETE' });
    }),
    { numRuns: 6, endOnFailure: true },
  );
});
