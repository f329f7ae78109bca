import assert from 'node:assert/strict';
import { test } from 'node:test';
import { standardPublicId } from '#simulators/cloudpayments';
import { eventually } from '#testing';
import { CARDS_NOW, GATEWAY, openCardHouse } from './card-fixture.ts';
import { accountOf } from './compare-facts.ts';
import { parsePaymentId } from './payment.ts';
import { paymentEvents, paymentResponses } from './topics.ts';

const house = await openCardHouse();
const { book, clock, database, pay, payments, present, published } = house;
/** Pays at once, and its token as well. */
const GOOD = '4000000000003055';
const POOR = '4000056655665556';
const BROWSER = { ipAddress: '203.0.113.7', returnUrl: 'https://shop.test/thanks', locale: 'ru' };

const orderOf = (payment: string) => ({
  ...{ InvoiceId: payment, Amount: 199, SaveCard: true },
  AccountId: accountOf(parsePaymentId(payment).customerId),
});

const stateOf = async (payment: string) => (await payments.report(database.pool, payment)).state;
const becomes = (payment: string, state: string) =>
  eventually(async () => assert.equal(await stateOf(payment), state));
const eventsOf = async (payment: string) =>
  (await published(paymentEvents))
    .filter((one) => one.payment === payment)
    .map(({ event }) => event);

test('what is paid on a page is accepted once, posted, and its card is kept and charged again by nobody but us', async () => {
  const payment = await present();
  const { customerId } = parsePaymentId(payment);
  const { presentation } = await payments.cards.lead(payment, BROWSER);
  assert.ok(presentation.kind === 'widget');
  assert.deepEqual((await payments.cards.lead(payment, BROWSER)).presentation, presentation);
  await pay(GOOD, orderOf(payment));
  await becomes(payment, 'accepted');
  assert.deepEqual(await book(payment), { debits: 1, refunded: 0 });
  assert.deepEqual(await eventsOf(payment), ['presented', 'accepted']);
  const [card] = await payments.cards.list(database.pool, customerId);
  assert.ok(card?.isDefault);
  const response = (await published(paymentResponses(GATEWAY))).find(
    (one) => one.payment === payment,
  );
  assert.equal(response?.card, card.card);

  const [renewal = ''] = await database.transaction((tx) =>
    payments.request(tx, [
      {
        ...{ customerId, gateway: GATEWAY, msisdn: '+79160000001', amountMinor: 19_900n },
        ...{ currency: 'RUB', reference: 'renewal/1', priority: 1, cardId: card.id },
        offer: { description: 'The second month' },
        notAfter: new Date(CARDS_NOW.getTime() + 3_600_000),
      },
    ]),
  );
  await becomes(renewal, 'accepted');
  assert.deepEqual(await book(renewal), { debits: 1, refunded: 0 });
});

test('a decline leaves the page open, and a better card pays', async () => {
  const payment = await present();
  await pay(POOR, orderOf(payment));
  await eventually(async () =>
    assert.deepEqual(await eventsOf(payment), ['presented', 'page_declined']),
  );
  assert.equal(await stateOf(payment), 'presented');
  await pay(GOOD, orderOf(payment));
  await becomes(payment, 'accepted');
});

test('a payment that is not what was asked for is stopped by the gate before it, and nothing is taken', async () => {
  const payment = await present();
  const { Success } = await pay(GOOD, { ...orderOf(payment), Amount: 1 });
  assert.equal(Success, false);
  assert.deepEqual(await book(payment), { debits: 0, refunded: 0 });
  const other = await pay(GOOD, { ...orderOf(payment), AccountId: 'cus_zzz' });
  assert.equal(other.Success, false);
  assert.equal(await stateOf(payment), 'presented');
});

test('a page that is over expires, and is told of', async () => {
  const payment = await present({ notAfter: new Date(CARDS_NOW.getTime() + 1000) });
  await payments.cards.lead(payment, BROWSER);
  clock.advanceMs(2000);
  await becomes(payment, 'expired');
  assert.deepEqual(await eventsOf(payment), ['presented', 'expired']);
  const { Success } = await pay(GOOD, orderOf(payment));
  assert.equal(Success, false, 'the gate refuses what is over');
});

test('paid in two tabs, it is settled once, and the second goes back by itself', async () => {
  const payment = await present();
  // Neither tab is asked for its gate: the gateway was told so.
  await house.control('PUT', `sites/${standardPublicId}`, {
    notifications: { Check: { IsEnabled: false } },
  });
  await Promise.all([pay(GOOD, orderOf(payment)), pay(GOOD, orderOf(payment))]);
  await becomes(payment, 'accepted');
  await eventually(async () => {
    const surplus = (await published(paymentEvents)).filter(
      ({ reference }) => reference === `surplus of ${payment}`,
    );
    assert.deepEqual(surplus.map(({ event }) => event).toSorted(), ['accepted', 'surplus']);
  });
  await eventually(async () =>
    assert.deepEqual(await book(payment), { debits: 2, refunded: 19_900 }),
  );
});

test('what was paid otherwise than asked for is a conflict, and never counts as paid', async () => {
  const payment = await present();
  await pay(GOOD, { ...orderOf(payment), Amount: 1 });
  await becomes(payment, 'conflicted');
  assert.deepEqual(await eventsOf(payment), ['presented', 'conflicted']);
});

test('a refund goes back once, and one from the gateway’s own cabinet is written down', async () => {
  const payment = await present();
  await pay(GOOD, orderOf(payment));
  await becomes(payment, 'accepted');
  await database.transaction((tx) =>
    payments.refund(tx, { payment, amountMinor: 5000n, reason: 'a broken week' }),
  );
  await eventually(async () =>
    assert.deepEqual(await book(payment), { debits: 1, refunded: 5000 }),
  );
  await eventually(async () => {
    const { refunds } = await payments.report(database.pool, payment);
    assert.deepEqual(
      refunds.map(({ state }) => state),
      ['accepted'],
    );
  });
});

test('a removed card is never charged, whatever was planned on it', async () => {
  const payment = await present();
  const { customerId } = parsePaymentId(payment);
  await pay(GOOD, orderOf(payment));
  await becomes(payment, 'accepted');
  const [card] = await payments.cards.list(database.pool, customerId);
  assert.ok(card);
  const planned = await database.transaction(async (tx) => {
    const [charge = ''] = await payments.request(tx, [
      {
        ...{ customerId, gateway: GATEWAY, msisdn: '+79160000001', amountMinor: 19_900n },
        ...{ currency: 'RUB', reference: 'renewal/1', priority: 1, cardId: card.id },
        offer: { description: 'The second month' },
        notAfter: new Date(CARDS_NOW.getTime() + 86_400_000),
      },
    ]);
    const act = { customerId, card: card.card, actor: 'customer', reason: 'asked' };
    assert.deepEqual((await payments.cards.remove(tx, act)).withdrawn, ['renewal/1']);
    return charge;
  });
  await becomes(planned, 'withdrawn');
  assert.deepEqual(await payments.cards.list(database.pool, customerId), []);
  assert.deepEqual(await book(planned), { debits: 0, refunded: 0 });
});
