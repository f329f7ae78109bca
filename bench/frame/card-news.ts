import { createHmac } from 'node:crypto';
import type { House } from '#house';
import { accountOf } from './card-filling.ts';
import { API_SECRET, addressOf, GATEWAY } from './card-shop.ts';
import { type Line, openLoad } from './load.ts';

/** What the gateway's calls were answered after, in milliseconds, as seen from outside. */
export interface HeardIn {
  readonly payMs: readonly number[];
  readonly checkMs: readonly number[];
}

export interface NewsOptions {
  readonly house: House;
  readonly port: number;
  /** How many pages there are to be paid, and customers with cards. */
  readonly pages: number;
  /** What tells these transactions from those of another sender. */
  readonly series: number;
}

/** Each page is asked about and, half a second later, paid: together a hundred calls a second. */
const INTERVAL_MS = 10;
const PAID_LATER = 25;
const CONNECTIONS = 32;
const PAGES_AT_ONCE = 500;
const AMOUNT_MINOR = 9900n;
const AMOUNT = '99.00';
const HOUR_MS = 3_600_000;
const SERIES = 10_000_000;

/** A gateway that asks (Check) and tells (Pay) of people who pay on pages, at its own pace, however long we take. */
export async function openNews({ house, pages, port, series }: NewsOptions) {
  const payments = await present(house, { pages, series });
  const load = await openLoad(port, CONNECTIONS);
  const stopping = new AbortController();
  const heard = { payMs: [] as number[], checkMs: [] as number[] };
  const asking = new Set<Promise<void>>();
  const free: Line[] = [...load.lines];
  // Whoever finds none free waits in the time that is measured: what comes is not slowed down by us.
  const waiting: ((line: Line) => void)[] = [];
  let failure: unknown;

  async function tell(type: 'Check' | 'Pay', at: number): Promise<void> {
    const payment = payments[at];
    if (payment === undefined) return;
    const request = requestOf(type, {
      payment,
      customer: at + 1,
      transaction: series * SERIES + at + 1,
    });
    const beganMs = performance.now();
    // In turn: a connection that is never used would be closed by the server after a minute.
    const line = free.shift() ?? (await new Promise<Line>((resolve) => waiting.push(resolve)));
    const answer = await line.ask(request);
    const next = waiting.shift();
    if (next) next(line);
    else free.push(line);
    heard[type === 'Pay' ? 'payMs' : 'checkMs'].push(performance.now() - beganMs);
    if (!answer.startsWith('HTTP/1.1 200') || !answer.endsWith('{"code":0}'))
      throw new Error(`${type} was answered ${answer.slice(0, 600)}`);
  }

  function begin(type: 'Check' | 'Pay', at: number): void {
    const told = tell(type, at)
      .catch((error) => {
        failure ??= error;
      })
      .finally(() => asking.delete(told));
    asking.add(told);
  }

  const beganMs = performance.now();
  const running = (async () => {
    for (let tick = 0; tick < 2 * pages && !stopping.signal.aborted; tick += 1) {
      const waitMs = beganMs + tick * INTERVAL_MS - performance.now();
      if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
      const at = Math.floor(tick / 2);
      if (tick % 2 === 0) begin('Check', at);
      else if (at >= PAID_LATER) begin('Pay', at - PAID_LATER);
    }
  })();
  return {
    async close(): Promise<HeardIn> {
      stopping.abort();
      await running;
      await Promise.all(asking);
      load.close();
      if (failure) throw failure;
      return heard;
    },
  };
}

async function present(
  { clock, database, payments }: House,
  { pages, series }: Pick<NewsOptions, 'pages' | 'series'>,
): Promise<readonly string[]> {
  const names: string[] = [];
  const notAfter = new Date(clock.nowMs() + HOUR_MS);
  for (let from = 1; from <= pages; from += PAGES_AT_ONCE) {
    const count = Math.min(PAGES_AT_ONCE, pages - from + 1);
    const requests = Array.from({ length: count }, (_, at) => ({
      ...{ customerId: BigInt(from + at), amountMinor: AMOUNT_MINOR, currency: 'RUB', notAfter },
      ...{ msisdn: `+7900${String(from + at).padStart(7, '0')}`, gateway: GATEWAY },
      ...{ reference: `order_${series}_${from + at}`, offer: { description: 'A page' } },
    }));
    names.push(...(await database.transaction((tx) => payments.cards.prepare(tx, requests))));
  }
  return names;
}

interface Told {
  readonly payment: string;
  readonly customer: number;
  readonly transaction: number;
}

/** As CloudPayments sends it: a form, with the signature over its bytes. */
function requestOf(type: 'Check' | 'Pay', { customer, payment, transaction }: Told): string {
  const body = new URLSearchParams({
    ...{ TransactionId: String(transaction), Amount: AMOUNT, Currency: 'RUB', TestMode: '0' },
    ...{ PaymentAmount: AMOUNT, PaymentCurrency: 'RUB', DateTime: '2026-01-01 00:00:00' },
    ...{ CardFirstSix: '400000', CardLastFour: '3055', CardType: 'Visa', CardExpDate: '12/30' },
    ...{ Status: 'Completed', OperationType: 'Payment', InvoiceId: payment },
    ...{ AccountId: accountOf(customer), IpAddress: '203.0.113.7', Description: 'A page' },
    ...(type === 'Pay' ? { GatewayName: 'Bench', TotalFee: '3.47', AuthCode: 'A1B2C3' } : {}),
  }).toString();
  const hmac = createHmac('sha256', API_SECRET).update(body).digest('base64');
  return (
    `POST ${addressOf(type)} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/x-www-form-urlencoded\r\n` +
    `content-hmac: ${hmac}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`
  );
}
