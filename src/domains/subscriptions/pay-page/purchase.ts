import { type PricedSubscription, quote } from '#subscriptions/pricing';
import type { Locale } from '#subscriptions/speech';

/** What somebody is about to pay, as its page tells it. */
export interface Purchase {
  readonly title: string;
  /** Of a whole period, before discounts; per unit times how many. */
  readonly priceMinor: bigint;
  readonly currency: string;
  readonly interval: PricedSubscription['selection']['price']['interval'];
  readonly quantity: number;
  readonly timeZone: string;
  readonly locale: Locale;
  /** What the gateway's form asks for. */
  readonly amountMinor: bigint;
  /** The amount only tries the card and goes back at once. */
  readonly cardIsTried: boolean;
  /** When the trial ends, where there is one. */
  readonly trialUntil?: Date | undefined;
  /** When the next charge comes without being asked for, and how much it is. */
  readonly next?: { readonly at: Date; readonly amountMinor: bigint } | undefined;
  /** What else the merchant wants to be read. */
  readonly terms?: string | undefined;
}

export interface PurchaseFacts {
  readonly title: string;
  readonly terms: string | undefined;
  readonly locale: Locale;
  readonly amountMinor: bigint;
  readonly cardIsTried: boolean;
  /** As it is once this is paid. */
  readonly priced: PricedSubscription;
}

export function purchaseOf({ priced, ...facts }: PurchaseFacts): Purchase {
  const { price, quantity } = priced.selection;
  return {
    ...facts,
    ...{ priceMinor: price.unitPriceMinor * BigInt(quantity), currency: price.currency, quantity },
    ...{ interval: price.interval, timeZone: priced.anchor.timeZone },
    trialUntil: priced.phase === 'trial' ? priced.period.endsAt : undefined,
    next: nextOf(priced),
  };
}

function nextOf(priced: PricedSubscription): Purchase['next'] {
  const request = { kind: 'renewal', subscription: priced } as const;
  const result = quote({ request, at: priced.period.endsAt, precision: 'second' });
  if (result.outcome === 'refused') return undefined;
  return { at: priced.period.endsAt, amountMinor: result.quote.dueMinor };
}
