import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import { sql } from '#database';
import { accountOf } from '#payments/cards';
import { parsePaymentId } from '#payments/payment';
import { cloudPaymentsOutside, openCardHouse, SECRET } from '#payments/stage';
import * as simulators from '#simulators/cloudpayments';

// What is signed by the gateway, and odd all the same. Nobody applies: what is heard stays where it lies.
const house = await openCardHouse(cloudPaymentsOutside(simulators), { copies: 0 });
const { database, present, site } = house;
const JSON_TYPE = 'application/json';
const FORM = 'application/x-www-form-urlencoded';

const sign = (text: string) => createHmac('sha256', SECRET).update(text).digest('base64');

async function send(
  type: string,
  body: string,
  headers: readonly (readonly [string, string])[] = [],
): Promise<{ readonly status: number; readonly body: string }> {
  const contentType = /^[[{"]/.test(body) ? JSON_TYPE : FORM;
  const all = new Headers([
    ['content-type', contentType],
    ['content-hmac', sign(body)],
  ]);
  for (const [name, value] of headers) all.append(name, value);
  const answer = await fetch(`${site}/${type}`, { method: 'POST', headers: all, body });
  return { status: answer.status, body: await answer.text() };
}

let transactions = 5000;
function fieldsOf(payment: string, changes: Record<string, unknown> = {}) {
  transactions += 1;
  return {
    ...{ TransactionId: transactions, Amount: 199, Currency: 'RUB', InvoiceId: payment },
    ...{ AccountId: accountOf(parsePaymentId(payment).customerId), Status: 'Completed' },
    ...{ DateTime: '2026-11-20 07:00:00', OperationType: 'Payment', GatewayName: 'Test' },
    ...{ CardFirstSix: '400000', CardLastFour: '3055', CardType: 'Visa', TestMode: 0 },
    ...changes,
  };
}

/** JSON in which the amount stands exactly so. */
function withAmount(payment: string, amount: string): string {
  return JSON.stringify(fieldsOf(payment, { Amount: 0 })).replace(
    '"Amount":0',
    `"Amount":${amount}`,
  );
}

async function kept(): Promise<number> {
  const { rows } = await sql<{ n: number }>`
    select count(*)::integer as n from payments.notification`.execute(database.pool);
  return rows[0]?.n ?? 0;
}

const CANT_BE_READ = ['199.005', '1.99e2', '-1e400', '"199,00"', '"1 99"', '"0x5"', '""', 'null'];

test('the gate lets nothing go on whose amount can not be compared with what was asked for', async () => {
  const payment = await present();
  for (const amount of CANT_BE_READ) {
    const { status } = await send('check', withAmount(payment, amount));
    assert.equal(status, 400, amount);
  }
  const { Amount: _, ...without } = fieldsOf(payment);
  assert.equal((await send('check', JSON.stringify(without))).status, 400);
  for (const amount of ['199.0000', '"199.00"', '199'])
    assert.equal((await send('check', withAmount(payment, amount))).body, '{"code":0}', amount);
  assert.equal((await send('check', withAmount(payment, '-199'))).body, '{"code":12}');
  const { Currency: __, ...silent } = fieldsOf(payment);
  assert.equal((await send('check', JSON.stringify(silent))).body, '{"code":0}');
  const other = JSON.stringify(fieldsOf(payment, { Currency: 'KWD', Amount: 0 }));
  const thousandths = other.replace('"Amount":0', '"Amount":19.900');
  assert.equal(
    (await send('check', thousandths)).body,
    '{"code":12}',
    'the same digits, of another currency',
  );
});

test('a payment whose amount can not be read is not kept as one, and is told again', async () => {
  const payment = await present();
  const before = await kept();
  for (const amount of CANT_BE_READ) {
    const { status } = await send('pay', withAmount(payment, amount));
    assert.equal(status, 400, amount);
  }
  assert.equal(await kept(), before);
});

test('what is signed and is no object, or too deep for anybody, is refused and breaks nothing', async () => {
  const payment = await present();
  const before = await kept();
  const fields = JSON.stringify(fieldsOf(payment));
  const deep = `${'{"a":'.repeat(15_000)}1${'}'.repeat(15_000)}`;
  const lists = `${'['.repeat(50_000)}1${']'.repeat(50_000)}`;
  const odd = [`[${fields}]`, '[]', '"text"', '{', deep, lists, `${fields}${fields}`];
  for (const body of odd) {
    const { status } = await send('pay', body);
    assert.equal(status, 400, body.slice(0, 40));
  }
  assert.equal(await kept(), before);
  const inside = fields.replace(
    '"TestMode":0',
    `"TestMode":0,"Data":${'{"a":'.repeat(3000)}"x"${'}'.repeat(3000)}`,
  );
  const { status } = await send('pay', inside);
  assert.ok(status === 200 || status === 400, `${status}: an answer of the business`);
});

test('of a name that comes twice the last counts, in the gate and in what is kept alike', async () => {
  const payment = await present();
  const twice = JSON.stringify(fieldsOf(payment)).replace(
    '"Amount":199',
    '"Amount":199,"Amount":1',
  );
  assert.equal((await send('check', twice)).body, '{"code":12}');
  const fields = fieldsOf(payment) as Record<string, string | number>;
  const texts = Object.entries(fields).map(
    ([name, value]) => [name, String(value)] as [string, string],
  );
  const form = `${new URLSearchParams(texts)}&Amount=1`;
  assert.equal((await send('check', form)).body, '{"code":12}');
});

test('a header that comes twice proves nothing, in whichever order', async () => {
  const payment = await present();
  const before = await kept();
  const body = JSON.stringify(fieldsOf(payment));
  for (const second of [sign(body), sign('other'), '']) {
    const { status } = await send('pay', body, [['content-hmac', second]]);
    assert.equal(status, 403, second);
  }
  assert.equal(await kept(), before);
});

test('what no column can hold is kept under another name, and answered', async () => {
  const payment = await present();
  const nul = JSON.stringify(fieldsOf(payment, { Status: 'Completed', Description: 'a\u0000b' }));
  assert.deepEqual(await send('pay', nul), { status: 200, body: '{"code":0}' });
  const half = JSON.stringify(fieldsOf(payment, { Description: '\ud800' }));
  assert.deepEqual(await send('pay', half), { status: 200, body: '{"code":0}' });
  const named = JSON.stringify(fieldsOf(payment, { InvoiceId: 'pay_\u0000', AccountId: '\u0000' }));
  assert.equal((await send('check', named)).body, '{"code":10}');
});
