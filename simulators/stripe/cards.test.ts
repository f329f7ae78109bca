import assert from 'node:assert/strict';
import { test } from 'node:test';
import Stripe from 'stripe';
import { clientOf, start, submit } from './fixture.ts';

const order = { amount: 500, currency: 'rub', payment_method_types: ['card'] };
const later = { setup_future_usage: 'off_session', confirm: true } as const;
const isCardError = (code: string) => (error: unknown) => {
  assert.ok(error instanceof Stripe.errors.StripeCardError, String(error));
  assert.equal(error.code, code);
  return true;
};
const isInvalid = (error: unknown) => error instanceof Stripe.errors.StripeInvalidRequestError;

test('a card that is left with the account is charged later without its holder', async (context) => {
  const { client, ledger } = await start(context);
  const customer = await client.customers.create({ metadata: { account: 'cus_1' } });
  const first = await client.paymentIntents.create({
    ...{ ...order, ...later, customer: customer.id, payment_method: 'pm_card_visa' },
  });
  const saved = first.payment_method;
  assert.ok(typeof saved === 'string');
  const { data } = await client.paymentMethods.list({ customer: customer.id, type: 'card' });
  assert.deepEqual(
    data.map(({ id }) => id),
    [saved],
  );
  const renew = () =>
    client.paymentIntents.create({
      ...{ ...order, customer: customer.id, payment_method: saved },
      ...{ confirm: true, off_session: true },
    });
  assert.equal((await renew()).status, 'succeeded');
  assert.deepEqual(await ledger(), ['debit 500', 'debit 500']);
  await client.paymentMethods.detach(saved);
  await assert.rejects(renew(), isInvalid);
  assert.equal((await client.paymentMethods.retrieve(saved)).customer, null);
});

test('a card is its customer’s alone, and without one it is used once', async (context) => {
  const { client } = await start(context);
  const [owner, other] = [await client.customers.create(), await client.customers.create()];
  const method = await client.paymentMethods.attach('pm_card_visa', { customer: owner.id });
  const use = { ...order, payment_method: method.id, confirm: true };
  await assert.rejects(client.paymentIntents.create({ ...use, customer: other.id }), isInvalid);
  await assert.rejects(client.paymentIntents.create(use), isInvalid);
  await assert.rejects(client.paymentMethods.attach(method.id, { customer: other.id }), isInvalid);
  const made = await client.paymentMethods.create({ type: 'card', card: { token: 'tok_visa' } });
  const once = { ...order, payment_method: made.id, confirm: true };
  assert.equal((await client.paymentIntents.create(once)).status, 'succeeded');
  await assert.rejects(client.paymentIntents.create(once), isInvalid);
});

test('chargeCustomerFail is kept and declines; a lost card is not even kept', async (context) => {
  const { client } = await start(context);
  const { id: customer } = await client.customers.create();
  await assert.rejects(
    client.paymentMethods.attach('pm_card_visa_chargeDeclinedLostCard', { customer }),
    isCardError('card_declined'),
  );
  const method = await client.paymentMethods.attach('pm_card_chargeCustomerFail', { customer });
  await assert.rejects(
    client.paymentIntents.create({
      ...{ ...order, customer, payment_method: method.id, confirm: true, off_session: true },
    }),
    isCardError('card_declined'),
  );
});

test('a saved card may be made to decline by its id, its name or the amount', async (context) => {
  const { client, post } = await start(context);
  const { id: customer } = await client.customers.create();
  const { id: method } = await client.paymentMethods.attach('pm_card_visa', { customer });
  const renew = (amount: number) =>
    client.paymentIntents.create({
      ...{ ...order, amount, customer, payment_method: method, confirm: true, off_session: true },
    });
  for (const fault of [{ method }, { method: 'pm_card_visa' }, { amount_minor: 777 }]) {
    await post('/faults', { name: 'decline', code: 'expired_card', times: 1, ...fault });
    await assert.rejects(renew(777), isCardError('expired_card'));
  }
  assert.equal((await renew(777)).status, 'succeeded');
});

test('3-D Secure: the payer is led to a page, and back', async (context) => {
  const { client, kinds, ledger } = await start(context);
  for (const [answer, status, redirect] of [
    ['approve', 'succeeded', 'succeeded'],
    ['decline', 'requires_payment_method', 'failed'],
  ] as const) {
    const intent = await client.paymentIntents.create({
      ...{ ...order, payment_method: 'pm_card_threeDSecure2Required', confirm: true },
      return_url: 'http://shop.example/back?order=1',
    });
    assert.equal(intent.status, 'requires_action');
    const url = intent.next_action?.redirect_to_url?.url ?? '';
    const page = await fetch(url);
    assert.match(await page.text(), /3-D Secure/);
    assert.match(
      page.headers.get('content-security-policy') ?? '',
      /form-action 'self' http:\/\/shop\.example/,
    );
    const secret = intent.client_secret ?? '';
    const { location } = await submit(url, { secret, answer });
    const back = new URL(location);
    assert.deepEqual(
      [back.origin, back.searchParams.get('order'), back.searchParams.get('redirect_status')],
      ['http://shop.example', '1', redirect],
    );
    assert.equal((await client.paymentIntents.retrieve(intent.id)).status, status);
    // The button twice is one payment.
    await submit(url, { secret, answer });
  }
  assert.deepEqual(await ledger(), ['debit 500']);
  assert.equal((await kinds()).at(-1), 'payment_intent.payment_failed');
});

test('off session a card that wants its holder declines, unless it was set up', async (context) => {
  const { client } = await start(context);
  const { id: customer } = await client.customers.create();
  const renew = (method: string) =>
    client.paymentIntents.create({
      ...{ ...order, customer, payment_method: method, confirm: true, off_session: true },
    });
  const needs = isCardError('authentication_required');
  await assert.rejects(renew('pm_card_authenticationRequired'), needs);
  await assert.rejects(renew('pm_card_authenticationRequiredOnSetup'), needs);
  const already = await renew('pm_card_authenticationRequiredSetupForOffSession');
  assert.equal(already.status, 'succeeded');

  const setup = await client.setupIntents.create({
    ...{ customer, payment_method: 'pm_card_authenticationRequiredOnSetup', confirm: true },
    ...{ payment_method_types: ['card'], return_url: 'http://shop.example/' },
  });
  assert.equal(setup.status, 'requires_action');
  const url = setup.next_action?.redirect_to_url?.url ?? '';
  await submit(url, { secret: setup.client_secret ?? '', answer: 'approve' });
  const done = await client.setupIntents.retrieve(setup.id);
  assert.equal(done.status, 'succeeded');
  assert.ok(typeof done.payment_method === 'string');
  assert.equal((await renew(done.payment_method)).status, 'succeeded');
});

test('a browser pays by the client’s secret, and cannot change the price', async (context) => {
  const { client, ledger, url } = await start(context);
  const intent = await client.paymentIntents.create(order);
  const secret = intent.client_secret ?? '';
  const back = 'http://shop.example/back';
  const address = `${url}/pay/${intent.id}?${new URLSearchParams({ secret, return_url: back })}`;
  assert.match(await (await fetch(address)).text(), /5\.00 RUB/);
  assert.equal((await fetch(`${url}/pay/${intent.id}?secret=wrong`)).status, 404);

  const declined = await submit(address, { secret, card: 'chargeDeclined', amount: '1' });
  assert.equal(declined.status, 402);
  assert.match(declined.text, /Your card was declined/);
  const proof = await submit(address, { secret, card: 'authenticationRequired' });
  const { location } = await submit(proof.location, { secret, answer: 'approve' });
  assert.match(location, /^http:\/\/shop\.example\/back\?payment_intent=pi_\w+&.*succeeded$/);
  assert.deepEqual(await ledger(), ['debit 500']);
});

test('the publishable key opens what its own secret opens, and nothing else', async (context) => {
  const { client, url } = await start(context);
  const intent = await client.paymentIntents.create(order);
  const browser = clientOf(url, 'pk_test_kopek');
  const query = { client_secret: intent.client_secret ?? '' };
  assert.equal((await browser.paymentIntents.retrieve(intent.id, query)).amount, 500);
  const isRefused = (error: unknown) => error instanceof Stripe.errors.StripeAuthenticationError;
  await assert.rejects(browser.paymentIntents.retrieve(intent.id), isRefused);
  await assert.rejects(browser.paymentIntents.list(), isRefused);
  await assert.rejects(clientOf(url, 'sk_test_other').paymentIntents.list(), isRefused);
  const script = await fetch(`${url}/v3/`);
  assert.match(script.headers.get('content-type') ?? '', /javascript/);
  assert.match(await script.text(), /confirmCardPayment/);
});
