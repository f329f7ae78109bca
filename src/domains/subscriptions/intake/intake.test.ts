import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { startProcessingSimulator } from '#simulators/processing';
import { eventually, temporaryFolder, testDatabase } from '#testing';
import { monthly, openIntakeHouse } from './fixture.ts';
import { paymentOf } from './request-view.ts';
import { handsOf, newUser, PATIENCE } from './stage-fixture.ts';

const database = await testDatabase();
const simulator = await startProcessingSimulator({ port: 0, folder: await temporaryFolder() });
const house = await openIntakeHouse({ database, processingUrl: simulator.url });
await database.transaction((tx) => house.cards.addPlan(tx, monthly));
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

test('a refund gives back what it names, once', async () => {
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
});
