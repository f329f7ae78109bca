import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import * as gateway from '#simulators/cloudpayments';
import * as operator from '#simulators/operator';
import { lives, openPhoneSide, openShop } from '#subscriptions/cards/stage';

const shop = await openShop(gateway);
const { clock } = shop;
const { begin, decline } = lives(shop);
const side = await openPhoneSide(shop, operator);
const { leavesCard, quiet, subscribes, until } = side;

type Person = Awaited<ReturnType<typeof subscribes>>;

/** What came of all that was asked for. */
const said = new Map<string, number>();

const HOUR_MS = 3_600_000;

/** What may happen to somebody who can pay either way, in any order. */
const turn = fc.oneof(
  { weight: 4, arbitrary: fc.record({ hours: fc.integer({ min: 1, max: 60 }) }) },
  { weight: 4, arbitrary: fc.record({ to: fc.constantFrom('phone' as const, 'card' as const) }) },
  { weight: 1, arbitrary: fc.record({ balance: fc.constantFrom(0, 600, 20_000) }) },
  { weight: 1, arbitrary: fc.record({ declined: fc.constantFrom(5051, 5041, 5091) }) },
  { weight: 1, arbitrary: fc.record({ command: fc.constantFrom('cancel' as const, 'resume') }) },
  { weight: 1, arbitrary: fc.record({ command: fc.constantFrom('pause' as const, 'repay') }) },
);
type Turn = typeof turn extends fc.Arbitrary<infer One> ? One : never;

async function take(person: Person, one: Turn): Promise<void> {
  if ('hours' in one) await until(new Date(clock.nowMs() + one.hours * HOUR_MS).toISOString());
  else if ('to' in one) {
    const word = await person.switches(one.to);
    said.set(word, (said.get(word) ?? 0) + 1);
  } else if ('balance' in one) await person.balance(one.balance);
  else if ('declined' in one) await decline(one.declined);
  else await person.says(one.command as 'cancel');
  await quiet();
}

/** Both books say what our bills say, of each way; nothing is open that nobody will look at. */
async function mustAgree(person: Person): Promise<void> {
  const bills = await person.bills();
  const paid = (currency: string) =>
    bills
      .filter((bill) => bill.endsWith(`${currency} paid`))
      .reduce((sum, bill) => sum + Number(bill.split(' ')[0]), 0);
  const byCard = [...(await person.bookByBill()).values()].reduce((sum, one) => sum + one, 0);
  assert.equal(byCard, paid('RUB'), 'the card gave what we say it gave');
  assert.equal(await person.debited(), paid('PKR'), 'the phone gave what we say it gave');
  const { due_at: dueAt, status } = await person.row();
  const isAlive = ['active', 'grace', 'hold', 'paused', 'trial'].includes(status);
  assert.equal(dueAt !== null, isAlive, `${status} is due when it is alive, and only then`);
  const open = bills.filter((bill) => bill.endsWith(' open'));
  assert.ok(open.length <= (isAlive ? 1 : 0));
}

test('however often one goes between phone and card, both books say what our bills say', async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.array(turn, { minLength: 5, maxLength: 14 }), async (turns) => {
      await begin();
      const person = await subscribes();
      await leavesCard(person.msisdn);
      for (const one of turns) {
        await take(person, one);
        await mustAgree(person);
      }
      await person.stops();
      await quiet();
      const before = await person.bills();
      await until(new Date(clock.nowMs() + 100 * HOUR_MS).toISOString());
      assert.deepEqual(await person.bills(), before, 'who has stopped is never charged again');
      await mustAgree(person);
      await fetch(`${shop.gatewayUrl}/control/scenarios`, { method: 'DELETE' });
    }),
    { numRuns: 8, endOnFailure: true },
  );
  t.diagnostic(JSON.stringify(Object.fromEntries(said)));
  assert.ok((said.get('done: switched') ?? 0) > 0, 'somebody went the other way');
});
