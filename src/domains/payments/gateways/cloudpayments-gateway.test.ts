import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { createSystemClock } from '#clock';
import type { CardOutcome, GatewayNotification, ReceiptSettings } from '#payments/card-gateway';
import {
  cryptogramOf,
  standardPublicId,
  startCloudPaymentsSimulator,
  testCards,
} from '#simulators/cloudpayments';
import { freePort, temporaryFolder } from '#testing';
import { describeCardGateway } from './card-conformance.ts';
import { openCardEar } from './card-ear.ts';
import { RECEIPT_SETTINGS } from './card-receipts.ts';
import {
  type Act,
  type Decline,
  type Misfortune,
  newOrder,
  type RegisteredReceipt,
} from './card-under-test.ts';
import { createCloudPayments } from './cloudpayments/index.ts';

const SECRET = 'secret-of-the-simulated-terminal';
const NAME = 'cloudpayments';
const TYPES = ['Check', 'Pay', 'Fail', 'Confirm', 'Refund', 'Cancel', 'Recurrent', 'Receipt'];

const ear = await openCardEar({ after });
const addresses = TYPES.map((type) => [type, `${ear.urlOf(NAME)}/${type.toLowerCase()}`]);
const simulator = await startCloudPaymentsSimulator({
  ...{ port: 0, folder: await temporaryFolder() },
  sites: {
    [standardPublicId]: {
      ...{ apiSecret: SECRET, concurrency: 100, notifications: Object.fromEntries(addresses) },
    },
  },
});
after(() => simulator.close());

function create(base_url: string, timeout_ms: number, receipts?: ReceiptSettings) {
  const gateway = createCloudPayments(
    {
      settings: { public_id: standardPublicId, base_url, timeout_ms },
      ...{ secrets: { api_secret: SECRET }, receipts },
    },
    { name: NAME, clock: createSystemClock() },
  );
  after(() => gateway.close());
  return gateway;
}

const gateway = create(simulator.url, 20_000);
ear.listen(NAME, gateway);

async function control(method: string, path: string, body?: object): Promise<unknown> {
  const answer = await fetch(simulator.url + path, {
    ...{ method, headers: { 'content-type': 'application/json' } },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
  return answer.json();
}

function cryptogram(number: string): string {
  return cryptogramOf({ number, expires: '12/59', name: 'A B' });
}

/** As the widget does it: whatever the page says. */
async function pay(number: string, fields: object): Promise<Record<string, never>> {
  const login = Buffer.from(`${standardPublicId}:${SECRET}`).toString('base64');
  const CardCryptogramPacket = cryptogram(number);
  const answer = await fetch(`${simulator.url}/payments/cards/charge`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Basic ${login}` },
    body: JSON.stringify({ IpAddress: '203.0.113.7', CardCryptogramPacket, ...fields }),
  });
  const { Model } = (await answer.json()) as { Model: Record<string, never> };
  return Model;
}

async function savedCard(account: string, number: string): Promise<string> {
  const invoice = { InvoiceId: `first of ${account}`, Amount: 1, AccountId: account };
  const { Token } = await pay(number, { ...invoice, SaveCard: true });
  assert.ok(Token);
  return Token;
}

const [PLAIN, MASTERCARD] = testCards.plain;

async function orderWith(number: string, changes: Parameters<typeof newOrder>[1] = {}) {
  const order = newOrder('', changes);
  return { ...order, token: await savedCard(order.account, number) };
}

function declineBy(code: number, name: string, reason: Decline['reason'], of: Decline['class']) {
  return {
    ...{ name, reason, class: of },
    async order() {
      const order = await orderWith(PLAIN);
      await control('POST', '/control/scenarios', {
        ...{ name: 'decline', code, invoiceId: order.payment, times: 1 },
      });
      return order;
    },
  };
}

const SCENARIOS: Readonly<Record<Misfortune, string>> = {
  ...{ busy: 'throttled', error_before: 'error-before', error_after: 'error-after' },
  ...{ lost_request: 'hang-before', lost_answer: 'hang-after' },
  ...{ hang_up_before: 'cut-before', hang_up_after: 'cut-after' },
};

async function ledger(payment: string, kind: string): Promise<readonly number[]> {
  const { entries } = (await control('GET', `/ledger?invoice=${payment}`)) as {
    entries: readonly { kind: string; amountMinor: number }[];
  };
  return entries.filter((entry) => entry.kind === kind).map(({ amountMinor }) => amountMinor);
}

const CARDS: Readonly<Partial<Record<Act, string>>> = {
  ...{ pays: PLAIN, cheats: MASTERCARD, has_no_money: testCards['no-money'][0] },
};

/** The bank's page, without a browser: its form has a button for each answer. */
async function prove(
  { fields = {}, url }: Extract<CardOutcome, { readonly outcome: 'authentication' }>,
  isHolder: boolean,
): Promise<Readonly<Record<string, string>>> {
  const page = await fetch(url, { method: 'POST', body: new URLSearchParams(fields) });
  const text = await page.text();
  const words = [...text.matchAll(/name="PaRes"[^>]*value="([^"]+)"/g)].map(([, word]) => word);
  const PaRes = words[isHolder ? 0 : 1];
  assert.ok(PaRes, text);
  return { MD: fields.MD ?? '', PaRes };
}

interface KeptReceipt {
  readonly type: string;
  readonly invoiceId: string | null;
  readonly receipt: {
    readonly Items: readonly {
      readonly label: string;
      readonly vat: number | null;
      readonly amount: number;
    }[];
    readonly taxationSystem?: number;
    readonly email?: string;
    readonly phone?: string;
    readonly amounts: { readonly electronic: number };
  };
}

const TAXATION_SYSTEMS: Readonly<Record<number, string>> = { 2: 'usn_income_outcome' };

async function registered(payment: string): Promise<readonly RegisteredReceipt[]> {
  const { receipts } = (await control('GET', '/receipts')) as { receipts: readonly KeptReceipt[] };
  return receipts
    .filter(({ invoiceId }) => invoiceId === payment)
    .map(({ receipt, type }) => {
      const total = receipt.Items.reduce((sum, { amount }) => sum + amount, 0);
      assert.equal(Math.round(total * 100), Math.round(receipt.amounts.electronic * 100));
      return {
        kind: type === 'IncomeReturn' ? 'return' : 'sale',
        totalMinor: Math.round(total * 100),
        taxSystem: TAXATION_SYSTEMS[receipt.taxationSystem ?? -1],
        contact: receipt.email ?? receipt.phone?.replace('+', '') ?? '',
        lines: receipt.Items.map(
          ({ label, vat }) => `${label}: ${vat === null ? 'none' : `vat${vat}`}`,
        ),
      };
    });
}

describeCardGateway({
  ...{ name: NAME, gateway, impatient: create(simulator.url, 1500), secrets: [SECRET] },
  order: (changes) => orderWith(PLAIN, changes),
  declines: [
    {
      ...{ name: 'a card without money', reason: 'insufficient_funds', class: 'funds' },
      order: () => orderWith(testCards['renewals-fail'][0]),
    },
    declineBy(5041, 'a lost card', 'lost_or_stolen', 'never'),
    declineBy(5005, 'a refusal for good', 'do_not_honor', 'never'),
    declineBy(5054, 'an expired card', 'expired_card', 'never'),
    declineBy(5091, 'an issuer that does not answer', 'issuer_unavailable', 'technical'),
    declineBy(5096, 'a fault of the system', 'gateway_error', 'technical'),
    declineBy(
      5206,
      'a holder who did not prove himself',
      'authentication_failed',
      'authentication',
    ),
    declineBy(5030, 'a malformed message', 'invalid_request', 'temporary'),
  ],
  async befall(misfortune, of) {
    const invoiceId = 'of' in of ? of.of : of.payment;
    await control('POST', '/control/scenarios', {
      ...{ name: SCENARIOS[misfortune], invoiceId, times: 1 },
    });
  },
  debits: (payment) => ledger(payment, 'debit'),
  credits: (payment) => ledger(payment, 'refund'),
  async unreachable(work) {
    await work(create(`http://127.0.0.1:${await freePort()}`, 5000));
  },
  cryptograms: {
    ...{ plain: cryptogram(PLAIN), authenticated: cryptogram(testCards['three-d-secure'][0]) },
    ...{ poor: cryptogram(testCards['no-money'][0]), prove },
  },
  browser: {
    acts: ['pays', 'has_no_money', 'cheats'],
    async act(act, order, presentation) {
      const { account, amountMinor, currency, payment, saveCard } = order;
      const honest = { Amount: Number(amountMinor) / 100, Currency: currency, AccountId: account };
      const cheating = { Amount: 1, Currency: 'USD', AccountId: 'somebody' };
      const fields = act === 'cheats' ? cheating : honest;
      // As the widget hands on what the page has told it.
      const { receipt } = presentation.kind === 'widget' ? presentation.parameters : {};
      const told = receipt ? { JsonData: { cloudPayments: { customerReceipt: receipt } } } : {};
      await pay(CARDS[act] ?? PLAIN, {
        ...{ ...fields, ...told, InvoiceId: payment, SaveCard: saveCard },
      });
    },
  },
  receipts: { gateway: create(simulator.url, 20_000, RECEIPT_SETTINGS), registered },
  notifications: {
    async heard(payment) {
      await control('POST', '/control/settle', {});
      return ear.heardAbout(NAME, payment);
    },
    forgeries: (notification) => [
      withBody(notification, (body) => body.replace(/Amount=[\d.]+/, 'Amount=1.00')),
      withBody(notification, (body) => `${body}&Status=Completed`),
      withHeaders(notification, { 'content-hmac': undefined, 'x-content-hmac': undefined }),
      withHeaders(notification, { 'content-hmac': 'AAAA', 'x-content-hmac': 'AAAA' }),
    ],
    async twice(order) {
      await control('POST', '/control/scenarios', {
        ...{ name: 'notification-duplicated', invoiceId: order.payment, times: 1 },
      });
    },
    async early(order) {
      await control('POST', '/control/scenarios', {
        ...{ name: 'notification-early', invoiceId: order.payment, times: 1 },
      });
    },
  },
});

test('disputes are listed with what the bank took back, and what was won', async () => {
  const order = await orderWith(PLAIN);
  const { result } = await gateway.chargeSaved(order);
  assert.ok(result.outcome === 'accepted');
  const { transaction } = result.facts;
  for (const operation of ['Presentment', 'Representment']) {
    await control('POST', '/control/chargebacks', {
      transactionId: Number(transaction),
      operation,
    });
  }
  const now = Date.now();
  const span = { from: new Date(now - 600_000), to: new Date(now + 600_000) };
  const listed = await gateway.listDisputes?.(span);
  const own = listed?.disputes.filter((one) => one.transaction === transaction) ?? [];
  assert.deepEqual(
    own.map(({ amountMinor, currency, kind }) => [kind, amountMinor, currency]),
    [
      ['lost', order.amountMinor, 'RUB'],
      ['won', order.amountMinor, 'RUB'],
    ],
  );
});

for (const way of [
  { body: 'json', HttpMethod: 'POST' },
  { body: 'form', HttpMethod: 'GET' },
] as const) {
  test(`notifications as ${way.body} by ${way.HttpMethod} are read as well, and Check lets the payment go`, async () => {
    const { HttpMethod, body } = way;
    const notifications = Object.fromEntries(
      addresses.map(([type = '', Address]) => [type, { IsEnabled: true, Address, HttpMethod }]),
    );
    await control('PUT', `/control/sites/${standardPublicId}`, { body, notifications });
    const order = await orderWith(PLAIN);
    const { result } = await gateway.chargeSaved(order);
    assert.equal(result.outcome, 'accepted', String(ear.refused.at(-1)));
    await control('POST', '/control/settle', {});
    const told = ear
      .heardOf(NAME)
      .filter(({ reading }) => JSON.stringify(reading.dedupeKey).includes('pay:'))
      .at(-1);
    assert.equal(told?.notification.method, HttpMethod);
    assert.deepEqual(
      told?.reading.news.map((news) => 'payment' in news && news.payment),
      [order.payment],
    );
    assert.equal(told?.reading.isHint, false);
  });
}

function withBody(notification: GatewayNotification, change: (body: string) => string) {
  return { ...notification, body: Buffer.from(change(notification.body.toString())) };
}

function withHeaders(
  notification: GatewayNotification,
  headers: Record<string, string | undefined>,
) {
  return { ...notification, headers: { ...notification.headers, ...headers } };
}
