import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parsePaymentId } from '#payments/payment';
import { paymentEvents } from '#payments/topics';
import * as simulators from '#simulators/cloudpayments';
import { eventually } from '#testing';
import { CARDS_NOW, PATIENT } from './card-fixture.ts';
import { openCloudPaymentsHouse } from './cloudpayments-house.ts';
import { POOR } from './cloudpayments-outside.ts';

const house = await openCloudPaymentsHouse(simulators);
const { becomes, charge, clock, control, database, eventsOf, outside, pay, payments } = house;
const { present, published, stateOf, widgetOf } = house;
const { book } = outside;
const inBook = async (payment: string) => {
  const { debits, refunded } = await book(payment);
  return { debits, refunded };
};

test('what is paid on a page is accepted once, posted, and its card is kept and charged again by nobody but us', async () => {
  const payment = await present();
  const { customerId } = parsePaymentId(payment);
  const { presentation } = await house.lead(payment);
  assert.equal(presentation?.kind, 'widget');
  assert.deepEqual((await house.lead(payment)).presentation, presentation);
  await pay(payment);
  await becomes(payment, 'accepted');
  assert.deepEqual(await inBook(payment), { debits: 1, refunded: 0 });
  assert.deepEqual(await eventsOf(payment), ['presented', 'accepted']);
  const [card] = await payments.cards.list(database.pool, customerId);
  assert.ok(card?.isDefault);
  const [response] = await house.responsesOf(payment);
  assert.equal(response?.card, card.card);

  const renewal = await house.renew(customerId, 'renewal/1');
  await becomes(renewal, 'accepted');
  assert.deepEqual(await inBook(renewal), { debits: 1, refunded: 0 });
});

test('a decline leaves the page open, and a better card pays', async () => {
  const payment = await present();
  await charge(POOR, widgetOf(payment));
  await eventually(async () => {
    assert.deepEqual(await eventsOf(payment), ['presented', 'page_declined']);
  }, PATIENT);
  assert.equal(await stateOf(payment), 'presented');
  await pay(payment);
  await becomes(payment, 'accepted');
});

test('a payment that is not what was asked for is stopped by the gate before it, and nothing is taken', async () => {
  const payment = await present();
  const { Success } = await pay(payment, { Amount: 1 });
  assert.equal(Success, false);
  assert.deepEqual(await inBook(payment), { debits: 0, refunded: 0 });
  const other = await pay(payment, { AccountId: 'cus_zzz' });
  assert.equal(other.Success, false);
  assert.equal(await stateOf(payment), 'presented');
});

test('a page that is over expires, and is told of; nobody is led to it any more', async () => {
  const payment = await present({ notAfter: new Date(CARDS_NOW.getTime() + 1000) });
  const other = await present({ notAfter: new Date(CARDS_NOW.getTime() + 1000) });
  await house.lead(payment);
  clock.advanceMs(2000);
  await assert.rejects(house.lead(other), { code: 'payment_not_open' });
  await becomes(payment, 'expired');
  assert.deepEqual(await eventsOf(payment), ['presented', 'expired']);
  const { Success } = await pay(payment);
  assert.equal(Success, false, 'the gate refuses what is over');
});

test('paid in two tabs, it is settled once, and the second goes back by itself', async () => {
  const payment = await present();
  // Neither tab is asked for its gate: the gateway was told so.
  await control('PUT', `sites/${simulators.standardPublicId}`, {
    notifications: { Check: { IsEnabled: false } },
  });
  await Promise.all([pay(payment), pay(payment)]);
  await becomes(payment, 'accepted');
  await eventually(async () => {
    const surplus = (await published(paymentEvents)).filter(
      ({ reference }) => reference === `surplus of ${payment}`,
    );
    assert.deepEqual(surplus.map(({ event }) => event).toSorted(), ['accepted', 'surplus']);
    assert.deepEqual(await inBook(payment), { debits: 2, refunded: 19_900 });
  }, PATIENT);
  assert.equal((await house.responsesOf(payment)).length, 1, 'one end is told of it');
});

test('a removed card is never charged, whatever was planned on it', async () => {
  const payment = await present();
  const { customerId } = parsePaymentId(payment);
  await pay(payment);
  await becomes(payment, 'accepted');
  const [card] = await payments.cards.list(database.pool, customerId);
  assert.ok(card);
  const planned = await database.transaction(async (tx) => {
    const [planned = ''] = await payments.request(tx, [
      {
        ...{ customerId, gateway: outside.card.name, msisdn: '+79160000001' },
        ...{ amountMinor: 19_900n, currency: 'RUB', reference: 'renewal/1', priority: 1 },
        ...{ cardId: card.id, offer: { description: 'The second month' } },
        notAfter: new Date(CARDS_NOW.getTime() + 86_400_000),
      },
    ]);
    const act = { customerId, card: card.card, actor: 'customer', reason: 'asked' };
    assert.deepEqual((await payments.cards.remove(tx, act)).withdrawn, ['renewal/1']);
    return planned;
  });
  await becomes(planned, 'withdrawn');
  assert.deepEqual(await eventsOf(planned), ['withdrawn']);
  assert.deepEqual(await payments.cards.list(database.pool, customerId), []);
  assert.deepEqual(await inBook(planned), { debits: 0, refunded: 0 });
});
