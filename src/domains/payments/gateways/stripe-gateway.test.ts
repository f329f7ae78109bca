import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { after } from 'node:test';
import { createSystemClock } from '#clock';
import type { GatewayNotification } from '#payments/card-gateway';
import { startStripeSimulator } from '#simulators/stripe';
import { freePort, temporaryFolder } from '#testing';
import { describeCardGateway } from './card-conformance.ts';
import { openCardEar } from './card-ear.ts';
import { type Act, type Decline, newOrder } from './card-under-test.ts';
import { accountBook, closedAfter, controlsOf } from './psp-stage.ts';
import { createStripe } from './stripe/index.ts';

const NAME = 'stripe';
const API_KEY = 'sk_test_of_the_simulator';
const WEBHOOK_SECRET = 'whsec_of_the_simulator';

const ear = await openCardEar({ after });
const simulator = closedAfter(
  await startStripeSimulator({
    ...{ port: 0, folder: await temporaryFolder(), webhookUrl: ear.urlOf(NAME) },
    settings: { secretKey: API_KEY, webhookSecret: WEBHOOK_SECRET },
  }),
);
const controls = controlsOf(simulator.url, 'list');
const accounts = accountBook();

function create(base_url: string, timeout_ms: number) {
  return closedAfter(
    createStripe(
      {
        settings: { publishable_key: 'pk_test_kopek', base_url, timeout_ms },
        secrets: { api_key: API_KEY, webhook_secrets: ['whsec_of_old', WEBHOOK_SECRET] },
      },
      { name: NAME, clock: createSystemClock() },
    ),
  );
}

const gateway = create(simulator.url, 20_000);
ear.listen(NAME, gateway);

async function post(path: string, fields: Record<string, string>): Promise<{ id: string }> {
  const answer = await fetch(`${simulator.url}/v1${path}`, {
    ...{ method: 'POST', headers: { authorization: `Bearer ${API_KEY}` } },
    body: new URLSearchParams(fields),
  });
  const json = (await answer.json()) as { id: string };
  assert.equal(answer.status, 200, JSON.stringify(json));
  return json;
}

async function orderOf(changes: Parameters<typeof newOrder>[1] = {}) {
  const customer = (await post('/customers', {})).id;
  const method = (await post('/payment_methods/pm_card_visa/attach', { customer })).id;
  return accounts.note(newOrder(`${customer}/${method}`, changes));
}

function declineBy(code: string, reason: Decline['reason'], of: Decline['class']): Decline {
  return {
    ...{ name: `a card with ${code}`, reason, class: of },
    async order() {
      const order = await orderOf();
      const [, method] = order.token.split('/');
      await controls.fault({ name: 'decline', operation: 'charge', method, code });
      return order;
    },
  };
}

const CARDS: Readonly<Record<Exclude<Act, 'cheats'>, string>> = {
  ...{ pays: 'visa', has_no_money: 'chargeDeclinedInsufficientFunds' },
  ...{ proves_and_pays: 'authenticationRequired', fails_to_prove: 'authenticationRequired' },
};

/** The page that stands for their script, without a browser. */
async function submit(url: string, fields: Record<string, string>): Promise<string | undefined> {
  const body = new URLSearchParams(fields);
  const answer = await fetch(url, { method: 'POST', body, redirect: 'manual' });
  return answer.headers.get('location') ?? undefined;
}

describeCardGateway({
  ...{ name: NAME, gateway, impatient: create(simulator.url, 1500) },
  secrets: [API_KEY, WEBHOOK_SECRET],
  order: orderOf,
  declines: [
    declineBy('insufficient_funds', 'insufficient_funds', 'funds'),
    declineBy('lost_card', 'lost_or_stolen', 'never'),
    declineBy('expired_card', 'expired_card', 'never'),
    declineBy('issuer_not_available', 'issuer_unavailable', 'technical'),
    declineBy('revocation_of_authorization', 'consent_withdrawn', 'never'),
    declineBy('authentication_required', 'authentication_required', 'authentication'),
    declineBy('do_not_honor', 'do_not_honor', 'temporary'),
  ],
  befall: controls.befall,
  recover: () => controls.call('PUT', '/settings', { tps: null }),
  debits: (payment) => controls.entries({ kind: 'debit', reference: payment }),
  credits: (payment) => controls.entries({ kind: 'credit', account: accounts.of(payment) }),
  async unreachable(work) {
    await work(create(`http://127.0.0.1:${await freePort()}`, 5000));
  },
  browser: {
    acts: ['pays', 'has_no_money', 'proves_and_pays', 'fails_to_prove'],
    async act(act, _order, presentation) {
      assert.ok(presentation.kind === 'widget' && act !== 'cheats');
      const secret = String(presentation.parameters.clientSecret);
      const [intent = ''] = secret.split('_secret');
      const fields = { secret, card: CARDS[act] };
      const proof = await submit(`${simulator.url}/pay/${intent}`, fields);
      if (!proof?.includes('/authenticate/')) return;
      const answer = act === 'proves_and_pays' ? 'approve' : 'decline';
      await submit(new URL(proof, simulator.url).href, { secret, answer });
    },
  },
  notifications: {
    async heard(payment) {
      await controls.quiet();
      await controls.call('PUT', '/settings', { duplicated: 0 });
      return ear.heardAbout(NAME, payment);
    },
    forgeries: (notification) => [
      withBody(notification, (body) => body.replace(/"amount":\s*\d+/, '"amount":1')),
      withBody(notification, (body) => `${body} `),
      withSignature(notification, undefined),
      withSignature(notification, 't=1,v1=00'),
      signedBy('whsec_of_another', notification, 0),
    ],
    stale: (notification) => signedBy(WEBHOOK_SECRET, notification, 400),
    async twice() {
      await controls.call('PUT', '/settings', { duplicated: 1 });
    },
    early: () => controls.fault({ name: 'notice-first' }),
  },
});

function withBody(notification: GatewayNotification, change: (body: string) => string) {
  return { ...notification, body: Buffer.from(change(notification.body.toString())) };
}

function withSignature(notification: GatewayNotification, signature: string | undefined) {
  const headers = { ...notification.headers, 'stripe-signature': signature };
  return { ...notification, headers };
}

function signedBy(secret: string, notification: GatewayNotification, ageS: number) {
  const at = Math.floor(Date.now() / 1000) - ageS;
  const message = `${at}.${notification.body}`;
  const hex = createHmac('sha256', secret).update(message).digest('hex');
  return withSignature(notification, `t=${at},v1=${hex}`);
}
