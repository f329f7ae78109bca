import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { createSystemClock } from '#clock';
import type { ReceiptSettings } from '#payments/card-gateway';
import { startYooKassaSimulator } from '#simulators/yookassa';
import { freePort, temporaryFolder } from '#testing';
import { describeCardGateway } from './card-conformance.ts';
import { openCardEar } from './card-ear.ts';
import { RECEIPT_SETTINGS } from './card-receipts.ts';
import { type Act, type Decline, newOrder, type RegisteredReceipt } from './card-under-test.ts';
import { accountBook, closedAfter, controlsOf } from './psp-stage.ts';
import { createYooKassa } from './yookassa/index.ts';

const NAME = 'yookassa';
const SHOP = '100500';
const KEY = 'secret-key-of-the-simulator';

const ear = await openCardEar({ after });
const simulator = closedAfter(
  await startYooKassaSimulator({
    ...{ port: 0, folder: await temporaryFolder(), webhookUrl: ear.urlOf(NAME) },
    settings: { shopId: SHOP, secretKey: KEY },
  }),
);
const controls = controlsOf(simulator.url, 'list');
const accounts = accountBook();

function create(origin: string, timeout_ms: number, receipts?: ReceiptSettings) {
  return closedAfter(
    createYooKassa(
      {
        settings: {
          ...{ shop_id: SHOP, base_url: `${origin}/v3`, timeout_ms },
          notifications_from_loopback: true,
        },
        ...{ secrets: { secret_key: KEY }, receipts },
      },
      { name: NAME, clock: createSystemClock() },
    ),
  );
}

const gateway = create(simulator.url, 20_000);
ear.listen(NAME, gateway);

async function submit(url: string, fields: Record<string, string>): Promise<void> {
  const body = new URLSearchParams(fields);
  const answer = await fetch(url, { method: 'POST', body, redirect: 'manual' });
  assert.ok(answer.status < 400, await answer.text());
}

/** A card that its holder has left with them, on their page. */
async function savedCard(account: string): Promise<string> {
  const { description, ...order } = newOrder('', { account, amountMinor: 100n });
  const present = {
    ...{ ...order, description, saveCard: true, ipAddress: '', locale: 'ru' },
    returnUrl: 'http://127.0.0.1:9/back',
  };
  const { result } = await gateway.present(present);
  assert.ok(result.outcome === 'presented' && result.presentation.kind === 'redirect');
  await submit(result.presentation.url, { answer: 'approve' });
  const { transaction } = result.presentation;
  assert.ok(transaction);
  const asked = await gateway.inquire({
    ...{ ...order, kind: 'payment', transaction, presented: true },
    since: new Date(Date.now() - 60_000),
  });
  assert.ok(asked.result.outcome === 'accepted');
  const token = asked.result.facts.card?.token;
  assert.ok(token);
  return token;
}

async function orderOf(changes: Parameters<typeof newOrder>[1] = {}) {
  const order = newOrder('', changes);
  return accounts.note({ ...order, token: await savedCard(order.account) });
}

function declineBy(code: string, reason: Decline['reason'], of: Decline['class']): Decline {
  return {
    ...{ name: `a card with ${code}`, reason, class: of },
    async order() {
      const order = await orderOf();
      await controls.fault({ name: 'decline', operation: 'charge', method: order.token, code });
      return order;
    },
  };
}

const ANSWERS: Readonly<Record<Exclude<Act, 'cheats'>, Record<string, string>>> = {
  ...{ pays: { answer: 'approve' }, proves_and_pays: { answer: 'approve' } },
  has_no_money: { answer: 'decline', reason: 'insufficient_funds' },
  fails_to_prove: { answer: 'decline', reason: '3d_secure_failed' },
};

interface KeptReceipt {
  readonly type: string;
  readonly tax_system_code: number;
  readonly customer: { readonly email?: string; readonly phone?: string };
  readonly items: readonly {
    readonly description: string;
    readonly quantity: number;
    readonly amount: { readonly value: string };
    readonly vat_code: number;
  }[];
}

const TAX_SYSTEMS: Readonly<Record<number, string>> = { 3: 'usn_income_outcome' };
const TAXES: Readonly<Record<number, string>> = { 1: 'none', 7: 'vat5', 11: 'vat22' };

/** Of the payment, then of what was given back of it. */
async function registered(
  _payment: string,
  transaction = '',
): Promise<readonly RegisteredReceipt[]> {
  const sales = await receiptsBy({ payment_id: transaction });
  const { items } = await ask<{ items: readonly { readonly id: string }[] }>('refunds', {
    payment_id: transaction,
  });
  const returns = await Promise.all(items.map(({ id }) => receiptsBy({ refund_id: id })));
  return [...sales, ...returns.flat()];
}

async function ask<Answer>(path: string, query: Record<string, string>): Promise<Answer> {
  const authorization = `Basic ${Buffer.from(`${SHOP}:${KEY}`).toString('base64')}`;
  const url = `${simulator.url}/v3/${path}?${new URLSearchParams(query)}`;
  const answer = await fetch(url, { headers: { authorization } });
  assert.equal(answer.status, 200);
  return (await answer.json()) as Answer;
}

async function receiptsBy(query: Record<string, string>): Promise<readonly RegisteredReceipt[]> {
  const { items } = await ask<{ items: readonly KeptReceipt[] }>('receipts', query);
  return items.map((one) => ({
    kind: one.type === 'refund' ? 'return' : 'sale',
    totalMinor: one.items.reduce(
      (sum, { amount, quantity }) => sum + Math.round(Number(amount.value) * 100) * quantity,
      0,
    ),
    taxSystem: TAX_SYSTEMS[one.tax_system_code],
    contact: one.customer.email ?? one.customer.phone ?? '',
    lines: one.items.map((line) => `${line.description}: ${TAXES[line.vat_code]}`),
  }));
}

describeCardGateway({
  ...{ name: NAME, gateway, impatient: create(simulator.url, 1500), secrets: [KEY] },
  order: orderOf,
  declines: [
    declineBy('insufficient_funds', 'insufficient_funds', 'funds'),
    declineBy('card_expired', 'expired_card', 'never'),
    declineBy('payment_method_restricted', 'restricted_card', 'never'),
    declineBy('issuer_unavailable', 'issuer_unavailable', 'technical'),
    declineBy('general_decline', 'do_not_honor', 'temporary'),
    {
      ...{ name: 'a permission that was taken back', reason: 'consent_withdrawn', class: 'never' },
      async order() {
        const order = await orderOf();
        await controls.call('POST', `/methods/${order.token}/revoke`);
        return order;
      },
    },
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
      assert.ok(presentation.kind === 'redirect' && act !== 'cheats');
      await submit(presentation.url, ANSWERS[act]);
    },
  },
  receipts: { gateway: create(simulator.url, 20_000, RECEIPT_SETTINGS), registered },
  notifications: {
    async heard(payment) {
      await controls.quiet();
      await controls.call('PUT', '/settings', { duplicated: 0 });
      return ear.heardAbout(NAME, payment);
    },
    forgeries: (notification) => [
      { ...notification, ip: '192.0.2.1' },
      { ...notification, ip: '' },
      { ...notification, ip: '185.71.76.32' },
    ],
    async twice() {
      await controls.call('PUT', '/settings', { duplicated: 1 });
    },
    early: () => controls.fault({ name: 'notice-first' }),
  },
});

test('what is decided only later is pending, and told when it is', async () => {
  const order = await orderOf();
  const { token } = order;
  await controls.fault({ name: 'pending', operation: 'charge', method: token, delay_ms: 60_000 });
  const { result } = await gateway.chargeSaved(order);
  assert.equal(result.outcome, 'pending');
  const question = {
    ...({ ...order, kind: 'payment', presented: false } as const),
    since: new Date(Date.now() - 60_000),
  };
  assert.equal((await gateway.inquire(question)).result.outcome, 'pending');
  await controls.call('POST', '/clock', { advance_ms: 61_000 });
  await controls.quiet();
  assert.equal((await gateway.inquire(question)).result.outcome, 'accepted');
  const told = ear.heardAbout(NAME, order.payment).flatMap(({ reading }) => reading.news);
  assert.ok(told.some((news) => news.news === 'payment' && news.outcome.outcome === 'accepted'));
});
