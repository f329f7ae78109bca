import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { AppError } from '#errors';
import { readJson } from '#json';
import type {
  CardOperation,
  GatewayNotification,
  PresentOrder,
  SavedCardOrder,
} from '#payments/card-gateway';
import type { Answer } from '#payments/card-talk';
import { cancellationReasons } from './index.ts';
import { listPath, toListed } from './lists.ts';
import { matcherOf, readNotification } from './notifications.ts';
import { readCancelled, readCharge, readObject, readPayment, readRefunded } from './outcomes.ts';
import { receiptsPath, toListedReceipt } from './receipts.ts';
import { createPresented, createSaved, refund } from './requests.ts';
import type { YooKassaAccount } from './settings.ts';

const account: YooKassaAccount = {
  settings: { shop_id: '100500' },
  secrets: { secret_key: 'test_secret' },
};
const saved: SavedCardOrder = {
  ...{ payment: 'pay_1x1', account: 'cus_7', token: 'pm-1', amountMinor: 19_900n },
  ...{ currency: 'RUB', description: 'Подписка '.repeat(40), twoStage: true },
  initiator: 'merchant',
};
const presented: PresentOrder = {
  ...{ payment: 'pay_1x1', account: 'cus_7', amountMinor: 200n, currency: 'RUB' },
  ...{ description: 'Pro', twoStage: false, saveCard: true, ipAddress: '192.0.2.1', locale: 'en' },
  returnUrl: 'https://kopek.test/back',
};
const operation: CardOperation = {
  ...{ payment: 'pay_1x2', of: 'pay_1x1', transaction: '22d6d597-000f', account: 'cus_7' },
  ...{ amountMinor: 5_000n, currency: 'RUB' },
};

function answerOf(body: unknown, status = 200): Answer {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return { status, headers: {}, body: text, json: readJson(text) };
}

const payment = {
  ...{ id: '22d6d597-000f', status: 'succeeded', paid: true, test: true },
  amount: { value: '199.00', currency: 'RUB' },
  income_amount: { value: '192.04', currency: 'RUB' },
  ...{ created_at: '2026-11-26T03:00:00.000Z', captured_at: '2026-11-26T03:00:05.000Z' },
  metadata: { payment: 'pay_1x1', account: 'cus_7' },
  payment_method: {
    ...{ type: 'bank_card', id: 'pm-1', saved: true },
    card: {
      first6: '555555',
      last4: '4444',
      expiry_month: '09',
      expiry_year: '2030',
      card_type: 'MasterCard',
    },
  },
  authorization_details: { rrn: '10000000000', auth_code: '000000' },
};

describe('requests to YooKassa', () => {
  test('the key of an id is always the same, differs from any other, and has 64 characters', () => {
    const keyOf = (id: string) =>
      createSaved({ ...saved, payment: id }, account).headers?.['idempotence-key'] ?? '';
    fc.assert(
      fc.property(fc.string(), fc.string(), (one, other) => {
        assert.equal(keyOf(one).length, 64);
        assert.equal(keyOf(one) === keyOf(other), one === other);
      }),
    );
  });

  test('amounts are texts, the description fits, and our ids travel with it', () => {
    const body = JSON.parse(createSaved(saved, account).body ?? '');
    assert.deepEqual(
      [body.amount, body.capture, body.payment_method_id, body.metadata],
      [
        ...[{ value: '199.00', currency: 'RUB' }, false, 'pm-1'],
        { payment: 'pay_1x1', account: 'cus_7' },
      ],
    );
    assert.ok(body.description.length <= 128);
    assert.equal('confirmation' in body, false);
  });

  test('a payer is led to their page and back', () => {
    const body = JSON.parse(createPresented(presented, account).body ?? '');
    assert.deepEqual(
      [body.confirmation, body.save_payment_method, body.capture],
      [
        { type: 'redirect', return_url: 'https://kopek.test/back', locale: 'en_US' },
        ...[true, true],
      ],
    );
  });

  test('a refund carries our id, and the receipt its lines', () => {
    const receipt = {
      phone: '+79000000000',
      items: [{ name: 'Pro', quantity: 2, amountMinor: 2_500n }],
    } as const;
    const receipts = { taxSystem: 'patent', defaultTax: 'none' } as const;
    const body = JSON.parse(refund({ ...operation, receipt }, { ...account, receipts }).body ?? '');
    assert.deepEqual([body.description, body.payment_id], ['pay_1x2', '22d6d597-000f']);
    assert.deepEqual(
      [body.receipt.customer, body.receipt.tax_system_code],
      [{ phone: '79000000000' }, 6],
    );
    assert.equal(
      JSON.parse(refund({ ...operation, receipt }, account).body ?? '').receipt,
      undefined,
    );
    assert.deepEqual(body.receipt.items, [
      {
        ...{ description: 'Pro', quantity: 2, amount: { value: '25.00', currency: 'RUB' } },
        ...{ vat_code: 1, payment_mode: 'full_payment', payment_subject: 'service' },
      },
    ]);
  });

  test('a list is asked for in pages', () => {
    const from = new Date('2026-11-26T00:00:00Z');
    const query = new URL(
      `http://x${listPath({ what: 'refunds', from, to: from, cursor: 'a&b', of: '22' })}`,
    ).searchParams;
    assert.deepEqual(
      [query.get('cursor'), query.get('payment_id'), query.get('limit')],
      ['a&b', '22', '100'],
    );
  });
});

describe('answers of YooKassa', () => {
  test('a payment is told whole', () => {
    assert.deepEqual(readCharge(answerOf(payment)), {
      outcome: 'accepted',
      facts: {
        ...{ transaction: '22d6d597-000f', payment: 'pay_1x1', account: 'cus_7', test: true },
        ...{ amountMinor: 19_900n, currency: 'RUB', feeMinor: 696n },
        at: new Date('2026-11-26T03:00:05.000Z'),
        ...{ rrn: '10000000000', authCode: '000000' },
        card: {
          ...{ mask: '555555******4444', brand: 'MasterCard', token: 'pm-1', expires: '2030-09' },
        },
      },
    });
  });

  test('pending is on its way, and a page to confirm it on is where the payer is sent', () => {
    const pending = { ...payment, status: 'pending' };
    assert.deepEqual(readCharge(answerOf(pending)), {
      ...{ outcome: 'pending', transaction: '22d6d597-000f' },
    });
    const confirmation = { type: 'redirect', confirmation_url: 'https://yookassa.test/x' };
    const asked = readCharge(answerOf({ ...pending, confirmation }));
    assert.equal(asked.outcome === 'authentication' && asked.url, 'https://yookassa.test/x');
  });

  test('each reason of a cancellation has its own, and what was let go is no refusal', () => {
    const LET_GO = ['canceled_by_merchant', 'expired_on_capture'];
    for (const [reason, meaning] of Object.entries(cancellationReasons)) {
      const cancelled = { ...payment, status: 'canceled', cancellation_details: { reason } };
      const outcome = readPayment(answerOf(cancelled).json);
      if (LET_GO.includes(reason)) {
        assert.equal(outcome.outcome, 'voided');
        assert.equal(readCancelled(answerOf(cancelled)).outcome, 'accepted');
        continue;
      }
      assert.ok(outcome.outcome === 'declined');
      assert.deepEqual([outcome.reason, outcome.class], [meaning.reason, meaning.class]);
    }
    const hard = ['permission_revoked', 'card_expired', 'invalid_card_number', 'country_forbidden'];
    for (const reason of [...hard, 'fraud_suspected', 'payment_method_restricted']) {
      assert.equal(cancellationReasons[reason]?.class, 'never');
    }
    const odd = { ...payment, status: 'canceled', cancellation_details: { reason: 'toString' } };
    assert.equal(readPayment(answerOf(odd).json).outcome, 'declined');
  });

  test('500 is unknown, 4xx had no effect, and wrong keys are for a person', () => {
    const error = (status: number, code: string) =>
      readCharge(answerOf({ type: 'error', code, parameter: 'amount' }, status));
    assert.equal(error(500, 'internal_server_error').outcome, 'unknown');
    assert.equal(readCharge(answerOf('<html>', 502)).outcome, 'unknown');
    assert.equal(readCharge(answerOf({ type: 'processing' }, 202)).outcome, 'unknown');
    assert.equal(error(401, 'invalid_credentials').outcome, 'not_sent');
    assert.equal(error(429, 'too_many_requests').outcome, 'not_sent');
    assert.deepEqual(error(400, 'invalid_request'), {
      ...{ outcome: 'declined', reason: 'invalid_request', class: 'request' },
      code: 'invalid_request:amount',
    });
    assert.equal(error(403, 'forbidden').outcome, 'declined');
    assert.equal(readObject(answerOf({ code: 'not_found' }, 404)).outcome, 'not_found');
    assert.equal(readObject(answerOf('<html>', 404)).outcome, 'not_sent');
  });

  test('no object throws, and none without a status counts as paid', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.integer({ min: 100, max: 599 }), (value, status) => {
        const answer = answerOf(value, status);
        for (const read of [readCharge, readCancelled, readRefunded]) {
          assert.notEqual(read(answer).outcome, 'accepted');
        }
        toListed(answer.json ?? null, 'payment');
      }),
    );
  });
});

describe('receipts of YooKassa', () => {
  const receipt = {
    ...{ id: 'rt-1', type: 'payment', payment_id: '22d6d597-000f', status: 'succeeded' },
    ...{ fiscal_document_number: '3986', fiscal_attribute: '2617603921' },
    ...{ fiscal_storage_number: '9288000100115785', registered_at: '2026-11-26T03:00:05.000Z' },
  };

  test('one of an operation is asked for by the name of its kind, those of a span in pages', () => {
    const queryOf = (asked: Parameters<typeof receiptsPath>[0]) =>
      Object.fromEntries(new URL(`http://x${receiptsPath(asked)}`).searchParams);
    assert.deepEqual(queryOf({ kind: 'sale', transaction: 'a&b' }), {
      ...{ limit: '100', payment_id: 'a&b' },
    });
    assert.equal(queryOf({ kind: 'return', transaction: 'r' }).refund_id, 'r');
    const from = new Date('2026-11-26T00:00:00Z');
    assert.deepEqual(queryOf({ from, to: from, page: 'next' }), {
      ...{ limit: '100', cursor: 'next' },
      ...{ 'created_at.gte': from.toISOString(), 'created_at.lt': from.toISOString() },
    });
  });

  test('what is registered names its document; what is not, or not yet, names none', () => {
    const told = (changes: object) =>
      toListedReceipt(readJson(JSON.stringify({ ...receipt, ...changes })) ?? null);
    const [registered] = told({});
    assert.deepEqual(registered?.facts, {
      ...{ transaction: '22d6d597-000f', kind: 'sale', document: '3986', sign: '2617603921' },
      ...{ device: '9288000100115785', at: new Date('2026-11-26T03:00:05.000Z') },
    });
    const back = { type: 'refund', refund_id: 'r-1' };
    assert.deepEqual(told({ ...back, status: 'pending' }), [
      { transaction: 'r-1', kind: 'return', state: 'pending' },
    ]);
    assert.equal(told({ status: 'canceled' })[0]?.state, 'cancelled');
    const [nameless] = told({ fiscal_document_number: undefined, fiscal_attribute: undefined });
    assert.deepEqual([nameless?.facts?.document, nameless?.facts?.sign], ['rt-1', '']);
    for (const odd of [{ status: 'toString' }, { type: 'simple' }, { payment_id: null }])
      assert.deepEqual(told(odd), []);
  });

  test('no object throws', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        toListedReceipt(readJson(JSON.stringify(value)) ?? null);
      }),
    );
  });
});

function notice(changes: Partial<GatewayNotification> = {}): GatewayNotification {
  const body = { type: 'notification', event: 'payment.succeeded', object: payment };
  return {
    ...{ method: 'POST', type: '', query: '', headers: {}, ip: '185.71.76.5' },
    ...{ body: Buffer.from(JSON.stringify(body)), ...changes },
  };
}

describe('notifications of YooKassa', () => {
  const isTheirs = matcherOf(account);

  test('it is a hint, whatever it says', () => {
    const reading = readNotification(notice(), isTheirs);
    assert.deepEqual(
      [reading.isHint, reading.dedupeKey],
      [true, 'payment.succeeded:22d6d597-000f:succeeded:pay_1x1'],
    );
    const [news] = reading.news;
    assert.ok(news?.news === 'payment' && news.outcome.outcome === 'accepted');
  });

  test('only their addresses speak for it; ours only where that was told', () => {
    const forbidden = (error: unknown) => error instanceof AppError && error.kind === 'forbidden';
    for (const ip of ['127.0.0.1', '::1', '185.71.76.32', '8.8.8.8', '', 'nonsense']) {
      assert.throws(() => readNotification(notice({ ip }), isTheirs), forbidden, ip);
    }
    for (const ip of ['185.71.77.31', '77.75.156.11', '::ffff:77.75.153.1', '2a02:5180::1']) {
      assert.equal(readNotification(notice({ ip }), isTheirs).news.length, 1, ip);
    }
    const settings = { ...account.settings, notifications_from_loopback: true };
    const here = matcherOf({ ...account, settings });
    for (const ip of ['127.0.0.1', '::1', '185.71.76.5']) {
      assert.equal(readNotification(notice({ ip }), here).news.length, 1, ip);
    }
  });

  test('whatever the bytes, nothing but an AppError is thrown', () => {
    const events = fc.constantFrom('payment.canceled', 'refund.succeeded', 'deal.closed', '');
    fc.assert(
      fc.property(events, fc.jsonValue(), fc.string(), (event, object, text) => {
        for (const body of [text, JSON.stringify({ event, object })]) {
          try {
            readNotification(notice({ body: Buffer.from(body) }), isTheirs);
          } catch (error) {
            assert.ok(error instanceof AppError, String(error));
          }
        }
      }),
    );
  });
});
