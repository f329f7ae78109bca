import assert from 'node:assert/strict';
import type { Price } from './price.ts';
import type { PricedSubscription } from './priced-subscription.ts';
import { type Quote, type QuoteInput, quote } from './quote.ts';

/** Vocabulary of the tests: plans, and a subscription that lives by quotes as the domain will make it live. */

export const vat = { name: 'vat22', basisPoints: 2200 } as const;

export function priceOf(changes: Partial<Price> = {}): Price {
  return {
    ...{ plan: 'basic', version: 1, unitPriceMinor: 30_000n, setupFeeMinor: 0n, currency: 'RUB' },
    ...{ interval: { unit: 'month', count: 1 }, tax: vat, effectiveFrom: new Date(0) },
    ...changes,
  };
}

export const basic = priceOf();
export const pro = priceOf({ plan: 'pro', unitPriceMinor: 90_000n });
export const yearly = priceOf({
  ...{ plan: 'pro-year', unitPriceMinor: 900_000n, interval: { unit: 'month', count: 12 } },
});
export const free = priceOf({ plan: 'free', unitPriceMinor: 0n });

export function quoted(input: QuoteInput): Quote {
  const result = quote(input);
  assert.equal(result.outcome, 'quoted', 'reason' in result ? result.reason : '');
  return (result as Extract<typeof result, { outcome: 'quoted' }>).quote;
}

export function refusal(input: QuoteInput): string {
  const result = quote(input);
  assert.equal(result.outcome, 'refused');
  return (result as Extract<typeof result, { outcome: 'refused' }>).reason;
}

type Without<One> = One extends unknown ? Omit<One, 'subscription'> : never;
export type RequestOf = Without<Exclude<QuoteInput['request'], { kind: 'start' }>>;

export interface LifeOptions {
  readonly at: Date;
  readonly price?: Price;
  readonly quantity?: number;
  readonly timeZone?: string;
  readonly trialDays?: number;
  readonly precision?: QuoteInput['precision'];
  readonly coupons?: PricedSubscription['coupons'];
}

/** A subscription that pays whatever it is asked for, with the books that its customer would keep. */
export class Life {
  readonly #precision: QuoteInput['precision'];
  #subscription: PricedSubscription | undefined;
  chargedMinor = 0n;
  refundedMinor = 0n;
  readonly quotes: Quote[] = [];

  constructor(options: LifeOptions) {
    const { at, coupons = [], precision = 'second', price = basic, quantity = 1 } = options;
    this.#precision = precision;
    const { timeZone = 'Europe/Moscow', trialDays = 0 } = options;
    const request = {
      ...({
        kind: 'start',
        id: 'sub_1',
        selection: { price, quantity },
        timeZone,
        trialDays,
      } as const),
      ...{ coupons, balanceMinor: 0n },
    };
    this.#take(quoted({ at, precision, request }));
  }

  get now(): PricedSubscription {
    assert.ok(this.#subscription, 'it has not ended');
    return this.#subscription;
  }

  get ended(): boolean {
    return this.#subscription === undefined;
  }

  /** All that left the customer's card for good, as far as it is not his credit. */
  get spentMinor(): bigint {
    return this.chargedMinor - this.refundedMinor - (this.#subscription?.balanceMinor ?? 0n);
  }

  input(at: Date, request: RequestOf): QuoteInput {
    const whole = { ...request, subscription: this.now } as QuoteInput['request'];
    return { at, precision: this.#precision, request: whole };
  }

  take(at: Date, request: RequestOf): Quote {
    return this.#take(quoted(this.input(at, request)));
  }

  change(at: Date, price: Price, more: { quantity?: number; timing?: 'now' | 'period_end' } = {}) {
    const { quantity = 1, ...timing } = more;
    return this.take(at, { kind: 'change', to: { price, quantity }, ...timing });
  }

  renew(): Quote {
    return this.take(this.now.period.endsAt, { kind: 'renewal' });
  }

  put(changes: Partial<PricedSubscription>): void {
    this.#subscription = { ...this.now, ...changes };
  }

  #take(one: Quote): Quote {
    this.quotes.push(one);
    this.chargedMinor += one.dueMinor;
    for (const { amountMinor } of one.refunds) this.refundedMinor += amountMinor;
    const { after } = one;
    this.#subscription = after && {
      ...after,
      payments: [
        ...(one.dueMinor > 0n
          ? [{ payment: `pay_${this.quotes.length}`, refundableMinor: one.dueMinor }]
          : []),
        ...after.payments,
      ],
    };
    return one;
  }
}

export const utc = (text: string) => new Date(`${text}${text.includes('T') ? '' : 'T00:00'}Z`);

/** `2026-03-31 10:00` in the zone: as people there write it. */
export function local(at: Date, timeZone: string): string {
  return at.toLocaleString('sv', { timeZone }).slice(0, 16);
}
