import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sql } from '#database';
import * as gateway from '#simulators/cloudpayments';
import { GOOD } from '#subscriptions/cards/stage';
import { eventually } from '#testing';
import { openCabinet } from './fixture.ts';

const cabinet = await openCabinet(gateway, {
  receipts: { taxSystem: 'osn', defaultTax: 'vat10' },
});
const { clock, database, payments, quiet, subscriber } = cabinet;

async function tillOf(payment: string) {
  const answer = await fetch(`${cabinet.gatewayUrl}/receipts`);
  const { receipts } = (await answer.json()) as {
    receipts: readonly {
      readonly type: string;
      readonly invoiceId: string;
      readonly receipt: {
        readonly Items: readonly { readonly label: string; readonly vat: number }[];
        readonly amounts: { readonly electronic: number };
        readonly taxationSystem: number;
        readonly phone?: string;
      };
    }[];
  };
  return receipts
    .filter(({ invoiceId }) => invoiceId === payment)
    .map(({ receipt, type }) => ({ ...receipt, type }));
}

test('a receipt names what, when, the period, the tax, the card, our number and the fiscal receipt', async () => {
  const { browser, msisdn, payment } = await subscriber();
  const [sale, ...more] = await tillOf(payment);
  assert.deepEqual(more, []);
  assert.deepEqual(
    [sale?.type, sale?.Items, sale?.amounts, sale?.taxationSystem, sale?.phone],
    [
      'Income',
      [{ label: 'Cinema', price: 199, quantity: 1, amount: 199, vat: 22 }],
      ...[{ electronic: 199 }, 0, msisdn],
    ],
  );
  const list = await browser.get('/me/payments');
  assert.ok(list.text.includes(`href="/me/payments/${payment}"`));
  const page = await eventually(
    async () => {
      const seen = await browser.get(`/me/payments/${payment}`);
      assert.match(seen.text, /Open the fiscal receipt/);
      return seen;
    },
    { timeoutMs: 30_000 },
  );
  for (const said of [
    ...['Cinema', 'RUB\u00a0199.00', 'Of which VAT 22 %', 'RUB\u00a035.89', 'Paid'],
    ...['20 November 2026 – 20 December 2026', '20 November 2026<small>10:00 GMT+3', payment],
    ...[`••••\u00a0${GOOD.slice(-4)}`, 'Fiscal document', 'href="https://ofd.test/'],
  ])
    assert.ok(page.text.includes(said), `${said} in ${page.text}`);
  assert.match(page.text, /@media print/);
});

test('what goes back is on the receipt, and has a fiscal receipt of its own, for that part', async () => {
  const { browser, payment } = await subscriber();
  await database.transaction((tx) =>
    payments.refund(tx, {
      payment,
      amountMinor: 5_000n,
      reason: 'internal: the customer was rude',
    }),
  );
  await eventually(
    async () => {
      const { rows } = await sql<{ count: bigint }>`
        select count(*) from payments.fiscal_receipt where kind = 'return'`.execute(database.pool);
      assert.equal(rows[0]?.count, 1n);
    },
    { timeoutMs: 30_000 },
  );
  await quiet();
  const back = (await tillOf(payment)).find(({ type }) => type === 'IncomeReturn');
  assert.deepEqual(back?.amounts, { electronic: 50 });
  assert.equal(back?.Items[0]?.vat, 22);
  const page = await browser.get(`/me/payments/${payment}`);
  for (const said of ['Given back', '+RUB\u00a050.00', 'Left after it', 'RUB\u00a0149.00'])
    assert.ok(page.text.includes(said), said);
  // What people write for each other is theirs.
  assert.doesNotMatch(page.text, /rude/);
  const refund = /href="(\/me\/payments\/pay_[^"]*)"><span>20 November/.exec(page.text)?.[1] ?? '';
  const other = await browser.get(refund);
  assert.match(other.text, /<h1[^>]*>Refund/);
  assert.match(other.text, /Open the fiscal receipt/);
  assert.ok(other.text.includes(`href="/me/payments/${payment}"`));
});

test('a fiscal receipt that is told again is kept once', async () => {
  const before = await countFiscal();
  const { payment } = await subscriber();
  await eventually(async () => assert.equal(await countFiscal(), before + 1n), {
    timeoutMs: 30_000,
  });
  const { notifications } = (await (
    await fetch(`${cabinet.gatewayUrl}/notifications?type=Receipt&invoice=${payment}`)
  ).json()) as { notifications: readonly { readonly id: number }[] };
  for (const { id } of notifications)
    await fetch(`${cabinet.gatewayUrl}/control/notifications/${id}/resend`, { method: 'POST' });
  clock.advanceMs(1000);
  await quiet();
  assert.equal(await countFiscal(), before + 1n);
});

async function countFiscal(): Promise<bigint> {
  const { rows } = await sql<{ count: bigint }>`
    select count(*) from payments.fiscal_receipt`.execute(database.pool);
  return rows[0]?.count ?? 0n;
}
