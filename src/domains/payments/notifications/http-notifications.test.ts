import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import { sql } from '#database';
import { accountOf } from '#payments/cards';
import { parsePaymentId } from '#payments/payment';
import { cloudPaymentsOutside, openCardHouse, SECRET } from '#payments/stage';
import * as simulators from '#simulators/cloudpayments';

// Nobody applies: what is heard stays where it lies.
const house = await openCardHouse(cloudPaymentsOutside(simulators), { copies: 0 });
const { clock, database, present, site } = house;
const FORM = 'application/x-www-form-urlencoded';

const sign = (text: string | Buffer) => createHmac('sha256', SECRET).update(text).digest('base64');

async function send(
  path: string,
  body: string | Buffer | undefined,
  headers: Record<string, string> = {},
  method = 'POST',
) {
  const answer = await fetch(`${site}${path}`, {
    ...{ method, headers: body === undefined ? headers : { 'content-type': FORM, ...headers } },
    ...(body !== undefined && { body: new Uint8Array(Buffer.from(body)) }),
  });
  return { status: answer.status, body: await answer.text() };
}

const signed = (path: string, body: string) => send(path, body, { 'content-hmac': sign(body) });

let transactions = 1000;
function fieldsOf(payment: string, changes: Record<string, string> = {}): string {
  transactions += 1;
  return new URLSearchParams({
    ...{ TransactionId: String(transactions), Amount: '199.00', Currency: 'RUB' },
    ...{ InvoiceId: payment, AccountId: accountOf(parsePaymentId(payment).customerId) },
    ...{ DateTime: '2026-11-20 07:00:00', Status: 'Completed', OperationType: 'Payment' },
    ...{ CardFirstSix: '400000', CardLastFour: '3055', CardType: 'Visa', CardExpDate: '09/59' },
    ...{ GatewayName: 'Test', TestMode: '0', Token: 'tk_secret_token' },
    ...changes,
  }).toString();
}

async function kept(): Promise<number> {
  const { rows } = await sql<{ n: number }>`
    select count(*)::integer as n from payments.notification`.execute(database.pool);
  return rows[0]?.n ?? 0;
}

test('what is not proven to be theirs is refused, and nothing of it is kept', async () => {
  const payment = await present();
  const body = fieldsOf(payment);
  const forgeries: readonly (readonly [string, Awaited<ReturnType<typeof send>>, number])[] = [
    ['no signature', await send('/pay', body), 403],
    ['another’s', await send('/pay', body, { 'content-hmac': sign(`${body} `) }), 403],
    [
      'a changed amount',
      await send('/pay', body.replace('199.00', '1.00'), { 'content-hmac': sign(body) }),
      403,
    ],
    [
      'a truncated body',
      await send('/pay', body.slice(0, 40), { 'content-hmac': sign(body) }),
      403,
    ],
    ['an empty body', await send('/pay', '', { 'content-hmac': '' }), 403],
    ['an unknown type', await signed('/bonus', body), 400],
    ['no type', await signed('', body), 400],
    ['a type of any bytes', await signed('/%00%ff', body), 400],
    ['too large', await send('/pay', Buffer.alloc(300_000, 'a'), { 'content-hmac': 'x' }), 413],
    ['another method', await send('/pay', undefined, {}, 'DELETE'), 405],
  ];
  for (const [name, { status }, expected] of forgeries) assert.equal(status, expected, name);
  const other = await fetch(site.replace('cloudpayments', 'nobody'), { method: 'POST', body });
  assert.equal(other.status, 404);
  assert.equal(await kept(), 0);
});

test('kept once however often and in whichever way it comes, and the token of the card lies sealed', async () => {
  const payment = await present();
  const body = fieldsOf(payment);
  const answers = await Promise.all(Array.from({ length: 200 }, () => signed('/pay', body)));
  for (const answer of answers) assert.deepEqual(answer, { status: 200, body: '{"code":0}' });
  const get = await send(`/pay?${body}`, undefined, { 'content-hmac': sign(body) }, 'GET');
  assert.deepEqual(get, { status: 200, body: '{"code":0}' });
  assert.equal(await kept(), 1);
  const { rows } = await sql<{ text: string }>`
    select n::text as text from payments.notification n`.execute(database.pool);
  assert.ok(!JSON.stringify(rows).includes('tk_secret_token'));
});

test('each verdict of the gate, by what stands here', async () => {
  const payment = await present();
  const over = await present({ notAfter: new Date(clock.now().getTime() - 1) });
  const gone = await present();
  const { customerId } = parsePaymentId(gone);
  await database.transaction((tx) =>
    house.payments.withdraw(tx, {
      ...{ customerId, gateway: 'cloudpayments', references: [`sub_${customerId}/0`] },
      reason: 'stop',
    }),
  );
  const cases: readonly (readonly [string, Record<string, string>, number])[] = [
    [payment, {}, 0],
    ['pay_1x1', {}, 10],
    [payment, { InvoiceId: 'shop-17' }, 10],
    [payment, { AccountId: 'cus_zzz' }, 11],
    [payment, { Amount: '1.00' }, 12],
    [payment, { Currency: 'USD' }, 12],
    [gone, {}, 13],
    [over, {}, 20],
  ];
  for (const [about, changes, code] of cases) {
    const { body } = await signed('/check', fieldsOf(about, changes));
    assert.deepEqual(JSON.parse(body), { code }, JSON.stringify([about, changes]));
  }
});

test('ten thousand at once are all kept, and the gate answers meanwhile', {
  timeout: 300_000,
}, async (t) => {
  const payment = await present();
  const before = await kept();
  const waits: number[] = [];
  let isOver = false;
  async function ask(): Promise<void> {
    while (!isOver) {
      const body = fieldsOf(payment);
      const beganMs = performance.now();
      const answer = await signed('/check', body);
      waits.push(performance.now() - beganMs);
      assert.equal(answer.body, '{"code":0}');
    }
  }
  const asking = ask();
  const memoryBefore = process.memoryUsage().heapUsed;
  for (let sent = 0; sent < 10_000; sent += 500)
    await Promise.all(
      Array.from({ length: 500 }, async () => {
        const { status } = await signed('/pay', fieldsOf(payment));
        assert.equal(status, 200);
      }),
    );
  isOver = true;
  await asking;
  assert.equal((await kept()) - before, 10_000);
  assert.ok(process.memoryUsage().heapUsed - memoryBefore < 300_000_000);
  const ordered = waits.toSorted((one, other) => one - other);
  t.diagnostic(`the gate: p99 ${ordered[Math.floor(ordered.length * 0.99)]?.toFixed(1)} ms`);
  assert.ok(waits.length > 5, `asked ${waits.length} times`);
});
