import { createSystemClock } from '#clock';
import type { CardGateway, ReceiptSettings } from '#payments/card-gateway';
import { createStripe, createYooKassa } from '#payments/gateways';
import { temporaryFolder } from '#testing';
import { type CardOutside, callJson, type OpenOutside, type Paying } from './card-outside.ts';

/** A simulator of a payment provider, handed in by the tests: only they know it. */
export interface PspSimulators<Settings> {
  start(options: {
    readonly port: number;
    readonly folder: string;
    readonly webhookUrl: string;
    readonly settings: Settings;
  }): Promise<{ readonly url: string; close(): Promise<void> }>;
}

const TIMEOUT_MS = 5000;

/** What the simulators of payment providers have in common. */
function handsOf(
  url: string,
  operations: Readonly<Record<'charge' | 'refund' | 'confirm', string>>,
) {
  async function sum(query: Readonly<Record<string, string>>) {
    const { entries } = await callJson<{
      entries: readonly { readonly amount_minor: number }[];
    }>('GET', `${url}/ledger?${new URLSearchParams(query)}`);
    return {
      count: entries.length,
      total: entries.reduce((total, one) => total + one.amount_minor, 0),
    };
  }
  return {
    /** A refund stands in the book under its own name, so the payer is asked about. */
    async book(payment: string) {
      const debits = await sum({ kind: 'debit', reference: payment });
      const account = `cus_${payment.slice('pay_'.length).split('x')[0]}`;
      const credits = await sum({ kind: 'credit', account });
      return { debits: debits.count, debited: debits.total, refunded: credits.total };
    },
    duplicate: (duplicated: number) => callJson<void>('PUT', `${url}/settings`, { duplicated }),
    tellAgain: () => callJson<void>('POST', `${url}/clock`, { advance_ms: 3_600_000 }),
    loseAnswer: (call: 'charge' | 'refund' | 'confirm') =>
      callJson<void>('POST', `${url}/faults`, {
        ...{ name: 'drop-after', operation: operations[call], times: 1 },
      }),
  };
}

async function submit(url: string, fields: Record<string, string>): Promise<number> {
  const body = new URLSearchParams(fields);
  return (await fetch(url, { method: 'POST', body, redirect: 'manual' })).status;
}

const API_KEY = 'sk_test_of_the_simulator';
const WEBHOOK_SECRET = 'whsec_of_the_simulator';
export const STRIPE = 'stripe';

export function stripeAt(url: string): CardGateway {
  return createStripe(
    {
      settings: { publishable_key: 'pk_test', base_url: url, timeout_ms: TIMEOUT_MS },
      secrets: { api_key: API_KEY, webhook_secrets: [WEBHOOK_SECRET] },
    },
    { name: STRIPE, clock: createSystemClock() },
  );
}

export function stripeOutside({
  start,
}: PspSimulators<{ readonly secretKey: string; readonly webhookSecret: string }>): CardOutside {
  return {
    name: STRIPE,
    async open(site) {
      const simulator = await start({
        ...{ port: 0, folder: await temporaryFolder(), webhookUrl: site },
        settings: { secretKey: API_KEY, webhookSecret: WEBHOOK_SECRET },
      });
      const { url } = simulator;
      const card = stripeAt(url);
      const payWith =
        (number: string) =>
        async ({ presentation }: Paying) => {
          if (presentation?.kind !== 'widget') throw new Error('it is led by a widget');
          const secret = String(presentation.parameters.clientSecret);
          const [intent = ''] = secret.split('_secret');
          return (await submit(`${url}/pay/${intent}`, { secret, card: number })) < 400;
        };
      const post = (path: string, fields: Record<string, string>) =>
        fetch(`${url}/v1${path}`, {
          ...{ method: 'POST', headers: { authorization: `Bearer ${API_KEY}` } },
          body: new URLSearchParams(fields),
        });
      const hands = handsOf(url, { charge: 'create', refund: 'refund', confirm: 'capture' });
      return {
        ...{ url, card, close: simulator.close, ...hands, pay: payWith('visa') },
        async fail(paying) {
          await payWith('chargeDeclinedInsufficientFunds')(paying);
        },
        async refundAside(payment_intent, amountMinor) {
          await post('/refunds', { payment_intent, amount: String(amountMinor) });
        },
        async warn(payment_intent) {
          await callJson('POST', `${url}/fraud-warnings`, { payment_intent });
        },
        async enquire(payment_intent) {
          await callJson('POST', `${url}/disputes`, { payment_intent, inquiry: true });
        },
        async dispute(payment_intent) {
          const { id } = await callJson<{ id: string }>('POST', `${url}/disputes`, {
            payment_intent,
          });
          await callJson('POST', `${url}/disputes/${id}/close`, { status: 'lost' });
        },
      };
    },
  };
}

const SHOP = '100500';
const SHOP_KEY = 'secret-key-of-the-simulator';
export const YOOKASSA = 'yookassa';
/** Of an account that sends fiscal receipts. */
export const RECEIPTS: ReceiptSettings = { taxSystem: 'usn_income', defaultTax: 'vat5' };

export function yooKassaAt(url: string, receipts?: ReceiptSettings): CardGateway {
  return createYooKassa(
    {
      settings: {
        ...{ shop_id: SHOP, base_url: `${url}/v3`, timeout_ms: TIMEOUT_MS },
        notifications_from_loopback: true,
      },
      ...{ secrets: { secret_key: SHOP_KEY }, receipts },
    },
    { name: YOOKASSA, clock: createSystemClock() },
  );
}

/** `receipts`: its account sends fiscal receipts. */
export function yooKassaOutside(
  { start }: PspSimulators<{ readonly shopId: string; readonly secretKey: string }>,
  receipts?: ReceiptSettings,
): CardOutside {
  return {
    name: YOOKASSA,
    async open(site) {
      const simulator = await start({
        ...{ port: 0, folder: await temporaryFolder(), webhookUrl: site },
        settings: { shopId: SHOP, secretKey: SHOP_KEY },
      });
      return openYooKassa(simulator, receipts);
    },
  };
}

function openYooKassa(
  simulator: { readonly url: string; close(): Promise<void> },
  receipts?: ReceiptSettings,
): OpenOutside {
  const { url } = simulator;
  const card = yooKassaAt(url, receipts);
  const payWith =
    (fields: Record<string, string>) =>
    async ({ presentation }: Paying) => {
      if (presentation?.kind !== 'redirect') throw new Error('it is led to a page');
      return (await submit(presentation.url, fields)) < 400;
    };
  const authorization = `Basic ${Buffer.from(`${SHOP}:${SHOP_KEY}`).toString('base64')}`;
  const hands = handsOf(url, { charge: 'charge', refund: 'refund', confirm: 'capture' });
  return {
    ...{ url, card, close: simulator.close, ...hands, pay: payWith({ answer: 'approve' }) },
    async fail(paying) {
      await payWith({ answer: 'decline', reason: 'insufficient_funds' })(paying);
    },
    async refundAside(payment_id, amountMinor) {
      const amount = { value: (Number(amountMinor) / 100).toFixed(2), currency: 'RUB' };
      const headers = { authorization, 'idempotence-key': `aside ${payment_id} ${amountMinor}` };
      await callJson('POST', `${url}/v3/refunds`, { payment_id, amount }, headers);
    },
  };
}
