import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, type TestContext, test } from 'node:test';
import fc from 'fast-check';
import Stripe from 'stripe';
import { createFakeClock } from '#clock';
import { AppError } from '#errors';
import { readJson } from '#json';
import type { CardQuestion, GatewayNotification, SavedCardOrder } from '#payments/card-gateway';
import { fromStripe, toStripe } from './amounts.ts';
import { createStripe, declineCodes } from './index.ts';
import { readNotification } from './notifications.ts';
import { readCharge, readError, readIntent, readRefund, splitToken } from './outcomes.ts';

const SECRET = 'whsec_test';
const NOW = new Date(1_700_000_100_000);
const clock = createFakeClock(NOW);
const webhooks = { stripe: new Stripe('sk_test'), secrets: [SECRET], clock };

function notice(body: string, signature: string | undefined): GatewayNotification {
  return {
    ...{ method: 'POST', type: '', query: '', body: Buffer.from(body), ip: '192.0.2.1' },
    headers: { 'stripe-signature': signature },
  };
}

function signed(body: string, atS = 1_700_000_000, secret = SECRET): GatewayNotification {
  const hex = createHmac('sha256', secret).update(`${atS}.${body}`).digest('hex');
  return notice(body, `t=${atS},v1=${hex}`);
}

const VECTOR = '{"id":"evt_1","object":"event"}';
const V1 = '4c15fb2a43f93ef61eaa3e0893866d57cad9cad4223242cfb96f362480cb4021';

function isForbidden(error: unknown): boolean {
  return error instanceof AppError && error.kind === 'forbidden';
}

describe("Stripe's webhooks", () => {
  test('the signature of the vector holds, for five minutes and with any of the secrets', () => {
    const vector = notice(VECTOR, `t=1700000000,v1=${'0'.repeat(64)},v1=${V1}`);
    // It is believed, and names no type.
    assert.throws(() => readNotification(vector, webhooks), kind('invalid'));
    const whole = signed('{"id":"evt_1","type":"customer.created"}');
    assert.deepEqual(readNotification(whole, webhooks), {
      ...{ dedupeKey: 'customer.created:evt_1', news: [], isHint: false },
    });
    const changed = { ...webhooks, secrets: ['whsec_new', SECRET] };
    assert.equal(readNotification(whole, changed).news.length, 0);
    const late = { ...webhooks, clock: createFakeClock(new Date(1_700_000_301_000)) };
    assert.throws(() => readNotification(whole, late), isForbidden);
  });

  test('another secret, another body, another time or no signature is refused', () => {
    const body = '{"id":"evt_1","type":"customer.created"}';
    const forgeries = [
      signed(body, 1_700_000_000, 'whsec_other'),
      { ...signed(body), body: Buffer.from(`${body} `) },
      notice(body, signed(body).headers['stripe-signature']?.replace('t=17', 't=18')),
      notice(body, undefined),
      notice(body, ''),
      notice(body, 'v1=00'),
    ];
    for (const forgery of forgeries) {
      assert.throws(() => readNotification(forgery, webhooks), isForbidden);
    }
  });

  test('whatever is signed, nothing but an AppError is thrown', () => {
    const types = fc.constantFrom(
      ...['payment_intent.succeeded', 'payment_intent.payment_failed', 'refund.updated'],
      ...['charge.dispute.created', 'charge.refunded', '__proto__'],
      'radar.early_fraud_warning.created',
    );
    fc.assert(
      fc.property(types, fc.jsonValue(), fc.string(), (type, object, text) => {
        for (const body of [text, JSON.stringify({ id: 'evt_1', type, data: { object } })]) {
          try {
            readNotification(signed(body), webhooks);
          } catch (error) {
            assert.ok(error instanceof AppError, String(error));
          }
        }
      }),
    );
  });

  test('disputes are told when they are opened and when they are closed', () => {
    const dispute = {
      ...{ id: 'du_1', payment_intent: 'pi_1', amount: 19_900, currency: 'rub' },
      ...{ created: 1_700_000_000, reason: 'fraudulent' },
    };
    const read = (type: string, status: string) => {
      const data = { object: { ...dispute, status } };
      return readNotification(signed(JSON.stringify({ id: 'evt_1', type, data })), webhooks).news;
    };
    const [opened] = read('charge.dispute.created', 'needs_response');
    assert.deepEqual(opened, {
      news: 'dispute',
      dispute: {
        ...{ id: 'du_1', transaction: 'pi_1', kind: 'opened', amountMinor: 19_900n },
        ...{ currency: 'RUB', at: new Date(1_700_000_000_000), reason: 'fraudulent' },
      },
    });
    const [lost] = read('charge.dispute.closed', 'lost');
    assert.ok(lost?.news === 'dispute' && lost.dispute.kind === 'lost');
    assert.deepEqual(read('charge.dispute.funds_withdrawn', 'needs_response'), []);
    // An inquiry moves no money: it waits for people, until it becomes a dispute or is closed.
    assert.deepEqual(read('charge.dispute.created', 'warning_needs_response'), [
      {
        news: 'warning',
        warning: {
          ...{ id: 'du_1', transaction: 'pi_1', at: new Date(1_700_000_000_000) },
          reason: 'inquiry_fraudulent',
        },
      },
    ]);
    assert.deepEqual(read('charge.dispute.updated', 'warning_under_review'), []);
    assert.deepEqual(read('charge.dispute.updated', 'needs_response'), [opened]);
    assert.deepEqual(read('charge.dispute.closed', 'warning_closed'), []);
  });

  test('an early warning of a fraud names its payment; one that names none can not be read', () => {
    const warning = {
      ...{ id: 'issfr_1', charge: 'ch_1', payment_intent: 'pi_1', created: 1_700_000_000 },
      ...{ actionable: true, fraud_type: 'made_with_stolen_card' },
    };
    const read = (object: object) =>
      readNotification(
        signed(
          JSON.stringify({
            ...{ id: 'evt_1', type: 'radar.early_fraud_warning.created', data: { object } },
          }),
        ),
        webhooks,
      ).news;
    assert.deepEqual(read(warning), [
      {
        news: 'warning',
        warning: {
          ...{ id: 'issfr_1', transaction: 'pi_1', at: new Date(1_700_000_000_000) },
          reason: 'made_with_stolen_card',
        },
      },
    ]);
    for (const wrong of [{ payment_intent: null }, { created: 0 }, { id: null }])
      assert.throws(() => read({ ...warning, ...wrong }), AppError);
  });
});

function kind(expected: string) {
  return (error: unknown) => error instanceof AppError && error.kind === expected;
}

const intent = {
  ...{ id: 'pi_1', object: 'payment_intent', amount: 19_900, currency: 'rub', livemode: true },
  ...{ amount_received: 19_900, amount_capturable: 0, created: 1_700_000_000 },
  metadata: { payment: 'pay_1x1', account: 'cus_7' },
};

function json(value: unknown) {
  return readJson(JSON.stringify(value));
}

describe("Stripe's answers", () => {
  test('a PaymentIntent is read by its status', () => {
    const read = (status: string, more = {}) => readIntent(json({ ...intent, status, ...more }));
    assert.deepEqual(read('succeeded'), {
      outcome: 'accepted',
      facts: {
        ...{ transaction: 'pi_1', payment: 'pay_1x1', account: 'cus_7', amountMinor: 19_900n },
        ...{ currency: 'RUB', test: false, at: new Date(1_700_000_000_000) },
      },
    });
    const outcomes = [
      ['requires_capture', 'authorized'],
      ['processing', 'pending'],
      ['requires_action', 'pending'],
      ['requires_payment_method', 'pending'],
      ['canceled', 'voided'],
      ['paid', 'unknown'],
    ] as const;
    for (const [status, outcome] of outcomes) assert.equal(read(status).outcome, outcome, status);
    const next_action = { redirect_to_url: { url: 'https://bank.test' } };
    assert.equal(read('requires_action', { next_action }).outcome, 'authentication');
    const last_payment_error = { decline_code: 'lost_card', code: 'card_declined' };
    const declined = read('requires_payment_method', { last_payment_error });
    assert.ok(declined.outcome === 'declined');
    assert.deepEqual([declined.reason, declined.class], ['lost_or_stolen', 'never']);
    assert.equal(read('succeeded', { amount_received: 1.5 }).outcome, 'unknown');
  });

  test('a card is told with its customer: only the two can be charged again', () => {
    const card = { brand: 'visa', last4: '4242', exp_month: 9, exp_year: 2030, fingerprint: 'f' };
    const more = {
      ...{ status: 'succeeded', customer: 'cus_1', payment_method: 'pm_1' },
      latest_charge: { payment_method_details: { card }, balance_transaction: { fee: 600 } },
    };
    const outcome = readIntent(json({ ...intent, ...more }));
    assert.ok(outcome.outcome === 'accepted');
    assert.deepEqual(outcome.facts.card, {
      ...{ mask: '******4242', brand: 'visa', token: 'cus_1/pm_1', fingerprint: 'f' },
      expires: '2030-09',
    });
    assert.equal(outcome.facts.feeMinor, 600n);
    assert.deepEqual(splitToken('cus_1/pm_1'), { customer: 'cus_1', method: 'pm_1' });
    for (const token of ['pm_1', 'cus_1/', '/pm_1', 'a/b/c', 'a b/c']) {
      assert.equal(splitToken(token), undefined);
    }
  });

  test('a decline has its reason and class, and their advice never to try again outweighs it', () => {
    const declined = (error: object) =>
      readError({
        ...{ status: 402, headers: {}, body: '' },
        json: json({ error: { type: 'card_error', ...error } }),
      });
    for (const [code, { class: of, reason }] of Object.entries(declineCodes)) {
      const outcome = declined({ code: 'card_declined', decline_code: code });
      assert.ok(outcome.outcome === 'declined');
      assert.deepEqual([outcome.reason, outcome.class, outcome.code], [reason, of, code]);
    }
    const advised = declined({ decline_code: 'generic_decline', advice_code: 'do_not_try_again' });
    assert.equal(advised.outcome === 'declined' && advised.class, 'never');
    assert.equal(declined({ code: 'constructor' }).outcome, 'declined');
  });

  test('an error says whether anything can have happened', () => {
    const read = (status: number, type?: string, code?: string) =>
      readError({
        ...{ status, headers: {}, body: '' },
        json: type === undefined ? undefined : json({ error: { type, code } }),
      }).outcome;
    const errors = [
      [400, 'invalid_request_error', 'declined'],
      [404, 'invalid_request_error', 'declined'],
      [400, 'idempotency_error', 'unknown'],
      [409, 'idempotency_error', 'unknown'],
      [401, 'invalid_request_error', 'not_sent'],
      [429, 'invalid_request_error', 'not_sent'],
      [500, 'api_error', 'unknown'],
      [503, undefined, 'unknown'],
      [404, undefined, 'not_sent'],
    ] as const;
    for (const [status, type, outcome] of errors) {
      assert.equal(read(status, type), outcome, `${status} ${type}`);
    }
  });

  test('no object throws, and none without a status counts as paid', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        for (const read of [readIntent, readCharge, readRefund]) {
          assert.notEqual(read(json(value) ?? null).outcome, 'accepted');
        }
      }),
    );
  });

  test('an amount survives the way there and back in every currency', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: 0n, max: 10n ** 12n }),
        fc.constantFrom('RUB', 'JPY', 'ISK', 'UGX', 'USD', 'KWD'),
        (amountMinor, currency) => {
          const told = toStripe({ amountMinor, currency });
          assert.equal(fromStripe(String(told), currency), amountMinor);
        },
      ),
    );
    assert.equal(toStripe({ amountMinor: 10n ** 17n, currency: 'RUB' }), undefined);
    assert.equal(fromStripe('150', 'ISK'), undefined);
  });
});

const order: SavedCardOrder = {
  ...{ payment: 'pay_1x1', account: 'cus_7', token: 'cus_1/pm_1', amountMinor: 100n },
  ...{ currency: 'RUB', description: 'Pro', twoStage: false, initiator: 'merchant' },
};
const question: CardQuestion = {
  ...{ payment: 'pay_1x1', kind: 'payment', account: 'cus_7', amountMinor: 100n },
  ...{ currency: 'RUB', since: NOW, presented: false },
};

async function gatewayOn(t: TestContext, answer: () => string) {
  const asked: string[] = [];
  const server = createServer(async (request, response) => {
    for await (const chunk of request) asked.push(String(chunk));
    response.writeHead(200, { 'content-type': 'application/json' }).end(answer());
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const base_url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const gateway = createStripe(
    {
      settings: { publishable_key: 'pk_test_1', base_url, timeout_ms: 20_000 },
      secrets: { api_key: 'sk_test_1', webhook_secrets: [SECRET] },
    },
    { name: 'cards', clock },
  );
  t.after(async () => {
    await gateway.close();
    server.close();
    server.closeAllConnections();
  });
  return { gateway, asked };
}

describe('the official client over our own pool', () => {
  test('an answer that is none leaves it unknown, and the client answers all the same', async (t) => {
    let body = '';
    const { gateway } = await gatewayOn(t, () => body);
    for (body of ['', 'null', '5', '"paid"', 'true', '[]', '{}', '<html>', '{"status":"paid"}']) {
      assert.equal((await gateway.chargeSaved(order)).result.outcome, 'unknown', body);
      assert.equal((await gateway.inquire(question)).result.outcome, 'unknown', body);
    }
  });

  test('nobody is there, and the request says so', async (t) => {
    const { asked, gateway } = await gatewayOn(t, () => '{}');
    await gateway.chargeSaved(order);
    const form = new URLSearchParams(asked[0]);
    const told = ['off_session', 'confirm', 'customer', 'payment_method', 'amount', 'currency'];
    assert.deepEqual(
      told.map((name) => form.get(name)),
      ['true', 'true', 'cus_1', 'pm_1', '100', 'rub'],
    );
    assert.equal(form.get('metadata[payment]'), 'pay_1x1');
  });

  test('a token that is none of ours is declined without a call', async (t) => {
    const { asked, gateway } = await gatewayOn(t, () => '{}');
    const { log, result } = await gateway.chargeSaved({ ...order, token: 'tk_1' });
    assert.deepEqual([result.outcome, log, asked], ['declined', [], []]);
  });
});
