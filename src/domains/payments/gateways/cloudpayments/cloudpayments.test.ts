import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { createFakeClock } from '#clock';
import { AppError } from '#errors';
import { readJson } from '#json';
import type {
  CryptogramOrder,
  GatewayNotification,
  PresentOrder,
  SavedCardOrder,
} from '#payments/card-gateway';
import type { Answer } from '#payments/card-talk';
import { createCloudPayments, reasonCodes } from './index.ts';
import { toDispute, toListed } from './lists.ts';
import { checkReply, readCheck, readNotification } from './notifications.ts';
import { readCharge, readFound, readOperation, readRefunded } from './outcomes.ts';
import { presentWidget } from './present.ts';
import { chargeByCryptogram, chargeByToken, idNumber, operate } from './requests.ts';
import type { CloudPaymentsAccount } from './settings.ts';

const SECRET = '0123456789abcdef0123456789abcdef';
const account: CloudPaymentsAccount = {
  settings: { public_id: 'test_api_00000000000000000000002' },
  secrets: { api_secret: SECRET },
};
const BODY =
  'TransactionId=1001&Amount=199.00&Currency=RUB&InvoiceId=inv%2F42-1&AccountId=user%2B7&Description=%D0%9F%D0%BE%D0%B4%D0%BF%D0%B8%D1%81%D0%BA%D0%B0+Pro&Data=%7B%22sub%22%3A%22s1%22%7D';
const RAW = '779XBZVCo1fqYixT4MTYDwYYi8IUByJgXBPuvyZgne8=';
const DECODED = 'kRFDYAO39dMG2S5AQ3jT9uSj111CNf+Os2Uz/pG43/4=';
const FORM = { 'content-type': 'application/x-www-form-urlencoded' };

function notice(changes: Partial<GatewayNotification> = {}): GatewayNotification {
  return {
    ...{ method: 'POST', type: 'check', query: '', body: Buffer.from(BODY), ip: '185.98.81.1' },
    headers: { ...FORM, 'content-hmac': RAW },
    ...changes,
  };
}

const order: SavedCardOrder = {
  ...{ payment: 'pay_1x1', account: 'cus_7', amountMinor: 19_900n, currency: 'RUB' },
  ...{ description: 'Подписка Pro', twoStage: false, token: 'tk_secret', initiator: 'merchant' },
};
const presented: PresentOrder = {
  ...{ payment: 'pay_1x1', account: 'cus_7', amountMinor: 19_999n, currency: 'RUB' },
  ...{ description: 'Pro', twoStage: false, saveCard: true, ipAddress: '192.0.2.1' },
  ...{ returnUrl: 'https://kopek.test/done', locale: 'ru', email: 'a@example.org' },
};
const receipt = {
  email: 'a@example.org',
  items: [{ name: 'Pro', quantity: 3, amountMinor: 3_333n, tax: 'vat20' }],
} as const;
const fiscal: CloudPaymentsAccount = {
  ...account,
  receipts: { taxSystem: 'usn_income_outcome', defaultTax: 'none' },
};

function answerOf(body: unknown, status = 200): Answer {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return { status, headers: {}, body: text, json: readJson(text) };
}

describe('the signature of CloudPayments', () => {
  test('either header proves the bytes, each by its own computation', () => {
    const question = {
      ...{ payment: 'inv/42-1', account: 'user+7', amountMinor: 19_900n, currency: 'RUB' },
    };
    assert.deepEqual(readCheck(notice(), account), question);
    const other = notice({ headers: { ...FORM, 'X-Content-HMAC': DECODED } });
    assert.deepEqual(readCheck(other, account), question);
    const get = { method: 'GET', query: BODY, body: Buffer.alloc(0) };
    assert.deepEqual(readCheck(notice(get), account), question);
  });

  test('JSON is signed as it is, and an id or an amount keeps its digits', () => {
    const body = Buffer.from('{"TransactionId":1001,"Amount":199.0}');
    const hmac = 'CuERqADX30fnSPnq2tSKpOVL7s3UCIdrSDXGLAA7daw=';
    for (const name of ['content-hmac', 'x-content-hmac']) {
      const headers = { 'content-type': 'application/json', [name]: hmac };
      // No currency is named: it is the account's.
      const told = { amountMinor: 19_900n, currency: 'RUB' };
      assert.deepEqual(readCheck(notice({ body, headers }), account), told);
    }
  });

  test('a signature under the other name, of another body, or none at all is refused', () => {
    const forgeries: Partial<GatewayNotification>[] = [
      { headers: { ...FORM, 'x-content-hmac': RAW } },
      { headers: { ...FORM, 'content-hmac': DECODED } },
      { headers: FORM },
      { headers: { ...FORM, 'content-hmac': '' } },
      { body: Buffer.from(BODY.replace('199', '1.0')) },
      { method: 'GET', query: BODY.replace('199', '1.0') },
      { method: 'GET', query: '' },
    ];
    for (const forgery of forgeries) {
      assert.throws(() => readCheck(notice(forgery), account), kind('forbidden'));
    }
  });

  test('an oversized body is refused before it is looked at', () => {
    const body = Buffer.alloc(200_000, 'a');
    assert.throws(() => readCheck(notice({ body }), account), kind('too_large'));
  });
});

function kind(expected: string) {
  return (error: unknown) => error instanceof AppError && error.kind === expected;
}

function sign(message: Buffer): string {
  return createHmac('sha256', SECRET).update(message).digest('base64');
}

/** A notification as they would sign it. */
function signed(type: string, fields: Record<string, string>, json = false): GatewayNotification {
  const body = Buffer.from(json ? JSON.stringify(fields) : new URLSearchParams(fields).toString());
  const contentType = json ? 'application/json' : FORM['content-type'];
  return notice({
    ...{ type, body },
    headers: { 'content-type': contentType, 'content-hmac': sign(body) },
  });
}

const CARD = {
  ...{ CardFirstSix: '012345', CardLastFour: '0001', CardType: 'MIR', CardExpDate: '09/30' },
};
const CHECK = {
  ...{ TransactionId: '2000000000000000001', Amount: '199.00', Currency: 'RUB', TestMode: '1' },
  ...{ DateTime: '2026-11-26 03:00:00', Status: 'Completed', OperationType: 'Payment', ...CARD },
  ...{ InvoiceId: 'pay_1x1', AccountId: '007', Token: '' },
};
const PAY = { ...CHECK, GatewayName: 'Test', Token: 'tk_1', TotalFee: '5.97' };

describe('notifications of CloudPayments', () => {
  test('Pay tells the payment with its amount, its account and its card', () => {
    for (const json of [false, true]) {
      const reading = readNotification(signed('pay', PAY, json), account);
      assert.deepEqual(reading, {
        ...{ dedupeKey: 'pay:2000000000000000001:Completed', isHint: false },
        news: [
          {
            ...{ news: 'payment', payment: 'pay_1x1' },
            outcome: {
              outcome: 'accepted',
              facts: {
                ...{ transaction: '2000000000000000001', payment: 'pay_1x1', account: '007' },
                ...{ amountMinor: 19_900n, currency: 'RUB', test: true, feeMinor: 597n },
                at: new Date('2026-11-26T03:00:00Z'),
                card: { mask: '012345******0001', brand: 'MIR', expires: '2030-09', token: 'tk_1' },
              },
            },
          },
        ],
      });
    }
  });

  test('an authorized payment is reserved, not paid', () => {
    const fields = { ...PAY, Status: 'Authorized' };
    const [news] = readNotification(signed('pay', fields), account).news;
    assert.ok(news?.news === 'payment');
    assert.equal(news.outcome.outcome, 'authorized');
  });

  test('Fail tells reason, class and how long to wait', () => {
    const { Status: _status, ...failed } = CHECK;
    const fields = { ...failed, Reason: 'x', ReasonCode: '5051', RetryAfter: '3600' };
    const { dedupeKey, news } = readNotification(signed('fail', fields), account);
    assert.equal(dedupeKey, 'fail:2000000000000000001:5051');
    assert.deepEqual(news, [
      {
        ...{ news: 'payment', payment: 'pay_1x1' },
        outcome: {
          ...{ outcome: 'declined', reason: 'insufficient_funds', class: 'funds', code: '5051' },
          ...{ transaction: '2000000000000000001', retryAfterMs: 3_600_000 },
        },
      },
    ]);
  });

  test('Refund tells what it gave back of, and our id of it', () => {
    const fields = {
      ...{ TransactionId: '3', PaymentTransactionId: '2', Amount: '50.00', InvoiceId: 'pay_1x1' },
      ...{ OperationType: 'Refund', DateTime: '2026-11-26 03:00:00' },
      Data: JSON.stringify({ kopek_payment: 'pay_1x2' }),
    };
    const reading = readNotification(signed('refund', fields), account);
    assert.equal(reading.isHint, true, 'it names no currency');
    const [news] = reading.news;
    assert.ok(news?.news === 'refund');
    assert.deepEqual([news.ofTransaction, news.of, news.state], ['2', 'pay_1x1', 'accepted']);
    assert.deepEqual([news.facts.payment, news.facts.amountMinor], ['pay_1x2', 5_000n]);
  });

  test('Cancel and Recurrent are read', () => {
    const cancel = { TransactionId: '2', Amount: '1.00', DateTime: 'x', InvoiceId: 'pay_1x1' };
    assert.deepEqual(readNotification(signed('cancel', cancel), account), {
      ...{ dedupeKey: 'cancel:2:', isHint: false },
      news: [{ news: 'voided', transaction: '2', payment: 'pay_1x1' }],
    });
    const recurrent = { Id: 'sc_1', Status: 'PastDue', FailedTransactionsNumber: '1' };
    assert.deepEqual(readNotification(signed('recurrent', recurrent), account).news, [
      { news: 'subscription', id: 'sc_1', status: 'PastDue' },
    ]);
  });

  test('a signed body that is sent again under another type proves nothing by itself', () => {
    const { Status: _status, ...noStatus } = PAY;
    const bodies = {
      ...{ check: CHECK, pay: PAY, fail: { ...noStatus, ReasonCode: '5051' } },
      refund: { TransactionId: '3', PaymentTransactionId: '2', Amount: '50.00' },
      cancel: { TransactionId: '2', Amount: '1.00' },
      receipt: {
        Id: 'x',
        TransactionId: '2',
        DocumentNumber: '1',
        FiscalSign: '2',
        Type: 'Income',
      },
    };
    for (const [own, fields] of Object.entries(bodies)) {
      for (const type of [
        'pay',
        'fail',
        'confirm',
        'refund',
        'cancel',
        'recurrent',
        'receipt',
        'other',
      ]) {
        if (type === own) continue;
        const moved = signed(type, fields);
        let isHint: boolean | undefined;
        try {
          isHint = readNotification(moved, account).isHint;
        } catch (error) {
          assert.ok(kind('invalid')(error), `${own} as ${type}`);
          isHint = true;
        }
        assert.equal(isHint, true, `${own} as ${type}`);
      }
    }
  });

  test('what only the decoded signature proves is a hint', () => {
    const headers = { ...FORM, 'x-content-hmac': DECODED };
    const body = Buffer.from(BODY);
    assert.equal(readNotification(notice({ type: 'cancel', body, headers }), account).isHint, true);
  });

  test('whatever the bytes, nothing but an AppError is thrown', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(
          'pay',
          'fail',
          'confirm',
          'refund',
          'cancel',
          'recurrent',
          'receipt',
          '__proto__',
        ),
        fc.uint8Array({ maxLength: 200 }),
        fc.constantFrom('application/json', FORM['content-type'], ''),
        fc.constantFrom('GET', 'POST'),
        (type, bytes, contentType, method) => {
          const body = Buffer.from(bytes);
          const query = body.toString('latin1');
          const hmac = sign(method === 'GET' ? Buffer.from(query) : body);
          const headers = { 'content-type': contentType, 'content-hmac': hmac };
          const asked = notice({ type, method, body, query, headers });
          for (const read of [readNotification, readCheck]) {
            try {
              read(asked, account);
            } catch (error) {
              assert.ok(error instanceof AppError, String(error));
            }
          }
        },
      ),
    );
  });

  test('a Check is answered in their codes', () => {
    const codes = (
      ['go', 'unknown_order', 'wrong_account', 'wrong_amount', 'refuse', 'expired'] as const
    ).map((verdict) => checkReply(verdict).body);
    assert.deepEqual(
      codes,
      [0, 10, 11, 12, 13, 20].map((code) => `{"code":${code}}`),
    );
  });
});

describe('answers of CloudPayments', () => {
  const model = { ...PAY, TransactionId: 504, TestMode: false, ReasonCode: 0, Status: 'Completed' };

  test('success is told by the status of the model, and by nothing else', () => {
    const accepted = readCharge(answerOf({ Success: true, Message: null, Model: model }), 'RUB');
    assert.ok(accepted.outcome === 'accepted');
    assert.deepEqual([accepted.facts.transaction, accepted.facts.test], ['504', false]);
    const odd = [
      { Success: true, Message: null },
      { Success: true, Model: { ...model, Status: 'Paid' } },
      { Success: true, Model: { ...model, Amount: '1e2' } },
      { Success: true, Model: { ...model, TransactionId: null } },
      { Success: true, Model: { ...model, Status: 'Cancelled' } },
      { Success: 'true', Model: model },
      'ok',
    ];
    for (const body of odd) assert.equal(readCharge(answerOf(body), 'RUB').outcome, 'unknown');
  });

  test('each decline has its reason and its class', () => {
    for (const [code, { class: of, reason }] of Object.entries(reasonCodes)) {
      const declined = { ...model, Status: 'Declined', ReasonCode: Number(code) };
      assert.deepEqual(readCharge(answerOf({ Success: false, Model: declined }), 'RUB'), {
        ...{ outcome: 'declined', reason, class: of, code, transaction: '504' },
      });
    }
  });

  test('their unconditional refusals and those of the networks are never tried again', () => {
    const never = [
      ...[5001, 5003, 5005, 5012, 5017, 5033, 5034, 5057],
      ...[5004, 5007, 5014, 5015, 5041, 5043, 5058, 5062, 5036, 5054],
    ];
    for (const code of never) assert.equal(reasonCodes[code]?.class, 'never', String(code));
    const soft = [5051, 5061, 5065, 5091, 5092, 5096, 5030, 5204, 5303, 5300, 5055, 5063, 5013];
    for (const code of soft) assert.notEqual(reasonCodes[code]?.class, 'never', String(code));
  });

  test('a code that nobody has told us is a decline', () => {
    const declined = { ...model, Status: 'Declined', ReasonCode: 'constructor' };
    const outcome = readCharge(answerOf({ Success: false, Model: declined }), 'RUB');
    assert.equal(outcome.outcome, 'declined');
  });

  test('3-D Secure sends the browser to the bank with what it wants', () => {
    const Model = { TransactionId: 504, PaReq: 'eJx', AcsUrl: 'https://acs.test/x' };
    const answer = answerOf({ Success: false, Message: null, Model });
    assert.deepEqual(readCharge(answer, 'RUB', { termUrl: 'https://kopek.test/3ds' }), {
      ...{ outcome: 'authentication', url: 'https://acs.test/x', transaction: '504' },
      fields: { MD: '504', PaReq: 'eJx', TermUrl: 'https://kopek.test/3ds' },
    });
  });

  test('a bad request is a mistake of ours, and what stands between us decides nothing', () => {
    const bad = answerOf({ Success: false, Message: 'Amount is required' });
    assert.deepEqual(readCharge(bad, 'RUB'), {
      ...{ outcome: 'declined', reason: 'invalid_request', class: 'request' },
      code: 'Amount is required',
    });
    const byStatus = [
      [500, 'unknown'],
      [502, 'unknown'],
      [503, 'unknown'],
      [408, 'unknown'],
      [429, 'not_sent'],
      [401, 'not_sent'],
      [404, 'not_sent'],
      [200, 'unknown'],
    ] as const;
    for (const [status, outcome] of byStatus) {
      assert.equal(readCharge(answerOf('<html>', status), 'RUB').outcome, outcome, String(status));
    }
  });

  test('an operation is done when they say so; a refund must be named', () => {
    const operation = {
      ...{ payment: 'pay_1x2', of: 'pay_1x1', account: 'cus_7', transaction: '504' },
      ...{ amountMinor: 5_000n, currency: 'RUB' },
    };
    const done = readOperation(answerOf({ Success: true, Message: null }), operation);
    assert.ok(done.outcome === 'accepted');
    const nameless = answerOf({ Success: true, Message: null });
    assert.equal(readRefunded(nameless, operation).outcome, 'unknown');
    const refunded = answerOf({ Success: true, Model: { TransactionId: 568 } });
    const outcome = readRefunded(refunded, operation);
    assert.ok(outcome.outcome === 'accepted');
    assert.deepEqual([outcome.facts.transaction, outcome.facts.payment], ['568', 'pay_1x2']);
  });

  test('only their own words say that there is nothing', () => {
    const found = (body: unknown, status = 200) => readFound(answerOf(body, status)).outcome;
    assert.equal(found({ Success: false, Message: 'Not found' }), 'not_found');
    assert.equal(found({ Success: false, Message: 'Wrong' }), 'unknown');
    assert.equal(found('<html>Not found', 404), 'not_sent');
    assert.equal(found('', 400), 'unknown');
  });

  test('no answer throws, and none that is not JSON counts as paid', () => {
    fc.assert(
      fc.property(
        fc.string(),
        fc.jsonValue(),
        fc.integer({ min: 100, max: 599 }),
        (text, json, status) => {
          const plain = readCharge(answerOf(text, status), 'RUB');
          assert.ok(!['accepted', 'authorized'].includes(plain.outcome));
          readCharge(answerOf(json, status), 'RUB');
          readFound(answerOf({ Success: true, Model: json }, status));
          toListed({ Model: text }, 'RUB');
          toDispute({ Date: text });
        },
      ),
    );
  });
});

describe('requests to CloudPayments', () => {
  test('a charge that nobody is there for says so, and carries our id twice', () => {
    const request = chargeByToken(order, account);
    assert.equal(request.headers?.['x-request-id'], 'pay_1x1');
    assert.equal(request.path, '/payments/tokens/charge');
    assert.match(request.body ?? '', /"Amount":199\.00,/);
    const body = JSON.parse(request.body ?? '');
    const { AccountId, InvoiceId, PaymentScheduled, TrInitiatorCode } = body;
    assert.deepEqual(
      [AccountId, InvoiceId, TrInitiatorCode, PaymentScheduled],
      ['cus_7', 'pay_1x1', 0, 1],
    );
    const asked = JSON.parse(
      chargeByToken({ ...order, initiator: 'customer', twoStage: true }, account).body ?? '',
    );
    assert.deepEqual([asked.TrInitiatorCode, asked.PaymentScheduled], [1, 0]);
  });

  test('an amount and an id beyond a double keep every digit', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 1n, max: 10n ** 17n }), (amountMinor) => {
        const operation = {
          ...{
            payment: 'pay_1x2',
            of: 'pay_1x1',
            account: 'cus_7',
            transaction: '9007199254740993',
          },
          ...{ amountMinor, currency: 'RUB' },
        };
        const { body = '' } = operate('/payments/refund', operation, account);
        const json = readJson(body) as { Amount: string; TransactionId: string };
        assert.equal(BigInt(json.Amount.replace('.', '')), amountMinor);
        assert.equal(json.TransactionId, '9007199254740993');
      }),
    );
    assert.equal(idNumber('1;drop'), '1;drop');
  });

  test('a cryptogram is charged from the address of its holder', () => {
    const given: CryptogramOrder = { ...presented, cryptogram: '01abc', cardholder: 'A B' };
    const request = chargeByCryptogram({ ...given, twoStage: true }, account);
    assert.equal(request.path, '/payments/cards/auth');
    const body = JSON.parse(request.body ?? '');
    assert.deepEqual(
      [body.CardCryptogramPacket, body.IpAddress, body.SaveCard, body.Name, body.CultureName],
      ['01abc', '192.0.2.1', true, 'A B', 'ru-RU'],
    );
  });
});

describe("CloudPayments' widget", () => {
  test('the current one and the older get their own names', () => {
    const start = presentWidget(presented, account);
    assert.ok(start.kind === 'widget' && start.manner === 'cloudpayments-start');
    const { amount, externalId, paymentSchema, publicTerminalId, userInfo } = start.parameters;
    assert.deepEqual(
      [amount, externalId, paymentSchema, publicTerminalId, userInfo],
      [
        ...[199.99, 'pay_1x1', 'Single', account.settings.public_id],
        { accountId: 'cus_7', email: 'a@example.org' },
      ],
    );
    const pay = presentWidget(
      { ...presented, twoStage: true, receipt },
      { ...fiscal, settings: { ...account.settings, widget: 'pay' } },
    );
    assert.ok(pay.kind === 'widget' && pay.manner === 'cloudpayments-pay');
    assert.equal(pay.parameters.scheme, 'auth');
    const options = pay.parameters.options as Record<string, unknown>;
    assert.deepEqual([options.invoiceId, options.accountId], ['pay_1x1', 'cus_7']);
    assert.match(JSON.stringify(options.data), /"CustomerReceipt":\{"Items":\[\{"label":"Pro"/);
  });

  test('no secret is in what the browser gets', async () => {
    const clock = createFakeClock(new Date('2026-11-26T03:00:00Z'));
    const gateway = createCloudPayments(account, { name: 'cards', clock });
    const { log, result } = await gateway.present(presented);
    assert.equal(result.outcome, 'presented');
    assert.deepEqual(log, []);
    const written = JSON.stringify(result);
    assert.ok(!written.includes(SECRET));
    await gateway.close();
  });
});
