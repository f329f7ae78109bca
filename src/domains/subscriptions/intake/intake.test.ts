import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type { Tx } from '#database';
import { startProcessingSimulator } from '#simulators/processing';
import { stopSubscriptions } from '#subscriptions/stop-subscriptions';
import { eventually, temporaryFolder, testDatabase } from '#testing';
import type { AskedRequest } from './asked.ts';
import { monthly, openIntakeHouse } from './fixture.ts';
import { paymentOf } from './request-view.ts';
import { handsOf, newUser, PATIENCE } from './stage-fixture.ts';

const database = await testDatabase();
const simulator = await startProcessingSimulator({ port: 0, folder: await temporaryFolder() });
const house = await openIntakeHouse({ database, processingUrl: simulator.url });
await database.transaction(async (tx) => {
  await house.cards.addPlan(tx, monthly);
  await house.cards.addPlan(tx, { ...monthly, code: 'year', title: 'Cinema, a year' });
});
const { becomes, ask, book, fault, payment, refund, request, rowOf, smsOf, subscriptionsOf } =
  handsOf(house, simulator.url);
const workers = [
  ...[house.intake.saver(), house.intake.processor(), house.intake.notifier()],
  ...[house.chargeWorker(), house.cards.worker()],
];
for (const worker of workers) worker.start();
after(async () => {
  await Promise.all(workers.map((worker) => worker.stop()));
  await house.close();
  await simulator.close();
});

const subscribed = (msisdn: string, statuses: readonly string[]) =>
  eventually(async () => assert.deepEqual(await subscriptionsOf(msisdn), statuses), PATIENCE);

test('a request is charged once, becomes a subscription, and its customer is told', async () => {
  const who = newUser();
  const asked = await request(payment(who));
  await becomes(asked, 'completed accepted');
  assert.deepEqual(await book(who.msisdn), { debits: [19_900], credits: [] });
  await subscribed(who.msisdn, ['active']);
  assert.deepEqual(await smsOf(who.msisdn), ['payment_accepted']);
});

test('who is subscribed is answered at once, and nothing is sent', async () => {
  const who = newUser();
  const asked = await request(payment(who));
  await becomes(asked, 'completed accepted');
  const subscription = (await rowOf(asked))?.outcome ?? '';
  await subscribed(who.msisdn, ['active']);
  assert.deepEqual(await ask(payment(who)), { outcome: 'subscribed', subscription });
  assert.deepEqual(await ask(payment({ ...newUser(), msisdn: who.msisdn })), {
    ...{ outcome: 'subscribed', subscription },
  });
  assert.deepEqual((await book(who.msisdn)).debits, [19_900]);
});

test('a decline is told, ends what it began, and he may ask again', async () => {
  const who = newUser();
  await fault({ name: 'decline', times: 1 });
  const first = await request(payment(who));
  await becomes(first, 'completed decline');
  const second = await request(payment(who));
  await becomes(second, 'completed accepted');
  await subscribed(who.msisdn, ['expired', 'active']);
  assert.deepEqual((await book(who.msisdn)).debits, [19_900]);
});

test('a refund gives back what it names, once, ends what that had paid for, and he may pay again', async () => {
  const who = newUser();
  const asked = await request(payment(who));
  await becomes(asked, 'completed accepted');
  const row = await rowOf(asked);
  assert.ok(row);
  const of = paymentOf(row) ?? '';
  const back = await request(refund(who, of));
  await becomes(back, 'completed accepted');
  assert.deepEqual(await book(who.msisdn), { debits: [19_900], credits: [19_900] });
  const again = await request(refund(who, of));
  await becomes(again, 'completed error');
  assert.deepEqual((await rowOf(again))?.reason, 'refund_exceeds_charge');
  await subscribed(who.msisdn, ['cancelled']);
  await becomes(await request(payment(who)), 'completed accepted');
  await subscribed(who.msisdn, ['cancelled', 'active']);
});

test('a part that is given back ends nothing', async () => {
  const who = newUser();
  const asked = await request(payment(who));
  await becomes(asked, 'completed accepted');
  const row = await rowOf(asked);
  assert.ok(row);
  await becomes(await request(refund(who, paymentOf(row) ?? '', 5000n)), 'completed accepted');
  await subscribed(who.msisdn, ['active']);
  assert.deepEqual(await book(who.msisdn), { debits: [19_900], credits: [5000] });
});

test('an answer that is lost leaves it unknown until it is asked about: one debit, and then it is over', async () => {
  const who = newUser();
  await fault({ name: 'drop-after', times: 1 });
  const asked = await request(payment(who));
  await becomes(asked, 'completed accepted');
  assert.deepEqual(await book(who.msisdn), { debits: [19_900], credits: [] });
  await subscribed(who.msisdn, ['active']);
});

test('what he asks for while one is under way is a duplicate of that one', async () => {
  const who = newUser();
  await fault({ name: 'delay', times: 1, delay_ms: 3000 });
  const first = await request(payment(who));
  await becomes(first, 'in_processing unknown');
  const second = await request(payment(who));
  await becomes(second, 'duplicated unknown');
  const row = await rowOf(second);
  assert.deepEqual([row?.reason, row?.duplicate_of], ['under_way', (await rowOf(first))?.id]);
  await becomes(first, 'completed accepted');
  assert.deepEqual(await book(who.msisdn), { debits: [19_900], credits: [] });
});

test('a key of another number, a number that is never charged and a price of yesterday are errors, and nothing is charged', async () => {
  const who = newUser();
  await becomes(await request(payment(who)), 'completed accepted');
  const stranger = { user: who.user, msisdn: newUser().msisdn };
  const order = payment(stranger).order;
  const barred = newUser();
  await database.transaction((tx) =>
    house.context.operators.addToNumberList(tx, {
      ...{
        list: 'blacklist',
        reason: 'asked for',
        at: house.clock.now(),
        msisdns: [barred.msisdn],
      },
    }),
  );
  const cases: readonly [AskedRequest, string][] = [
    [{ ...payment(stranger), plan: 'year' }, 'user_is_another'],
    [payment(barred), 'number_blacklisted'],
    [{ ...payment(newUser()), plan: 'week' }, 'plan_unknown'],
    [{ ...payment(newUser()), order: order && { ...order, version: 7 } }, 'terms_outdated'],
    [{ ...payment(newUser()), gateway: 'elsewhere' }, 'gateway_unknown'],
  ];
  for (const [asked, reason] of cases) {
    const name = await request(asked);
    await becomes(name, 'completed error');
    assert.equal((await rowOf(name))?.reason, reason);
    assert.deepEqual(await book(asked.msisdn), { debits: [], credits: [] });
  }
});

test('STOP that is said after the consent wins over it', async () => {
  const who = newUser();
  const asked = payment(who);
  const said = new Date(house.clock.nowMs() + 1);
  await database.transaction((tx) => sayStop(tx, who.msisdn, said));
  const name = await request(asked);
  await becomes(name, 'completed error');
  assert.equal((await rowOf(name))?.reason, 'consent_withdrawn');
  assert.deepEqual(await book(who.msisdn), { debits: [], credits: [] });
});

function sayStop(tx: Tx, msisdn: string, saidAt: Date) {
  const evidence = 'STOP';
  return stopSubscriptions(house.context, tx, { msisdn, channel: 'api', evidence, saidAt });
}
