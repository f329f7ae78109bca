import { createSystemClock } from '#clock';
import { createCloudPayments } from '#payments/gateways';
import { temporaryFolder } from '#testing';
import { type CardOutside, callJson, type Paying } from './card-outside.ts';

/** The simulator's door, handed in by the tests: only they know it. */
export interface CloudPaymentsSimulators {
  startCloudPaymentsSimulator(options: {
    readonly port: number;
    readonly folder: string;
    readonly sites: Readonly<
      Record<
        string,
        {
          readonly apiSecret: string;
          readonly concurrency: number;
          readonly notifications: Readonly<Record<string, string>>;
        }
      >
    >;
  }): Promise<{ readonly url: string; close(): Promise<void> }>;
  cryptogramOf(card: {
    readonly number: string;
    readonly expires: string;
    readonly name: string;
  }): string;
  readonly standardPublicId: string;
}

export const CLOUD_PAYMENTS = 'cloudpayments';
export const SECRET = 'secret-of-the-simulated-terminal';
const TYPES = ['Check', 'Pay', 'Fail', 'Confirm', 'Refund', 'Cancel', 'Recurrent', 'Receipt'];
/** Pays at once, and its token as well. */
export const GOOD = '4000000000003055';
/** Pays at once, and never by token. */
export const GOOD_ONCE = '4111111111111111';
export const POOR = '4000056655665556';

export function cloudPaymentsAt(url: string, publicId: string, timeout_ms = 5000) {
  return createCloudPayments(
    {
      settings: { public_id: publicId, base_url: url, timeout_ms },
      secrets: { api_secret: SECRET },
    },
    { name: CLOUD_PAYMENTS, clock: createSystemClock() },
  );
}

export interface CloudPaymentsHands {
  readonly url: string;
  readonly publicId: string;
  /** As the widget pays: whatever the page says. */
  charge(
    number: string,
    fields: object,
    how?: 'charge' | 'auth',
  ): Promise<{ readonly Success: boolean; readonly Model?: Readonly<Record<string, unknown>> }>;
  control(method: 'POST' | 'PUT', path: string, body: object): Promise<void>;
}

export function cloudPaymentsHands(
  url: string,
  {
    cryptogramOf,
    standardPublicId: publicId,
  }: Pick<CloudPaymentsSimulators, 'cryptogramOf' | 'standardPublicId'>,
): CloudPaymentsHands {
  const authorization = `Basic ${Buffer.from(`${publicId}:${SECRET}`).toString('base64')}`;
  return {
    ...{ url, publicId },
    charge: (number, fields, how = 'charge') =>
      callJson(
        'POST',
        `${url}/payments/cards/${how}`,
        {
          ...{ IpAddress: '203.0.113.7', Currency: 'RUB', SaveCard: true },
          CardCryptogramPacket: cryptogramOf({ number, expires: '12/59', name: 'A B' }),
          ...fields,
        },
        { authorization },
      ),
    control: (method, path, body) => callJson(method, `${url}/control/${path}`, body),
  };
}

const decimalOf = (minor: bigint) => Number(minor) / 100;

export function orderOf({ account, amountMinor = 19_900n, payment }: Paying) {
  return { InvoiceId: payment, AccountId: account, Amount: decimalOf(amountMinor) };
}

function isDual({ presentation }: Paying): boolean {
  return presentation?.kind === 'widget' && presentation.parameters.paymentSchema === 'Dual';
}

export function cloudPaymentsOutside(simulators: CloudPaymentsSimulators): CardOutside {
  const { standardPublicId: publicId } = simulators;
  return {
    name: CLOUD_PAYMENTS,
    async open(site) {
      const notifications = Object.fromEntries(
        TYPES.map((type) => [type, `${site}/${type.toLowerCase()}`]),
      );
      const simulator = await simulators.startCloudPaymentsSimulator({
        ...{ port: 0, folder: await temporaryFolder() },
        sites: { [publicId]: { apiSecret: SECRET, concurrency: 200, notifications } },
      });
      const { url } = simulator;
      const hands = cloudPaymentsHands(url, simulators);
      const operate = (path: string, body: object) =>
        callJson('POST', `${url}${path}`, body, {
          authorization: `Basic ${Buffer.from(`${publicId}:${SECRET}`).toString('base64')}`,
        });
      const endpoints = {
        ...{ charge: '/payments/tokens/charge', refund: '/payments/refund' },
        confirm: '/payments/confirm',
      };
      return {
        ...{ url, card: cloudPaymentsAt(url, publicId), close: simulator.close },
        pay: async (paying) =>
          (await hands.charge(GOOD, orderOf(paying), isDual(paying) ? 'auth' : 'charge')).Success,
        async fail(paying) {
          await hands.charge(POOR, orderOf(paying));
        },
        book: (payment) => bookOf(url, payment),
        async refundAside(transaction, amountMinor) {
          const body = { TransactionId: Number(transaction), Amount: decimalOf(amountMinor) };
          await operate('/payments/refund', body);
        },
        dispute: (transaction) =>
          hands.control('POST', 'chargebacks', { transactionId: Number(transaction) }),
        duplicate: (duplicated) => hands.control('PUT', 'settings', { duplicated }),
        tellAgain: () => hands.control('POST', 'clock', { advanceMs: 600_000 }),
        loseAnswer: (call) =>
          hands.control('POST', 'scenarios', {
            ...{ name: 'cut-after', endpoint: endpoints[call], times: 1 },
          }),
      };
    },
  };
}

async function bookOf(url: string, payment: string) {
  const { entries } = await callJson<{
    entries: readonly { readonly kind: string; readonly amountMinor: number }[];
  }>('GET', `${url}/ledger?invoice=${payment}`);
  const of = (kind: string) => entries.filter((one) => one.kind === kind);
  const sum = (kind: string) => of(kind).reduce((total, one) => total + one.amountMinor, 0);
  return { debits: of('debit').length, debited: sum('debit'), refunded: sum('refund') };
}
