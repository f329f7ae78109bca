import type { AppError } from '#errors';
import type { Plan } from '#subscriptions/cards/plans';
import type { ConsentInput } from '#subscriptions/consent';
import type { SubscriptionKey } from '#subscriptions/subscription';

/** What is bought, and for whom. */
export interface Order {
  readonly plan: string;
  /** The version whose price was shown: another one is refused. */
  readonly version: number;
  readonly quantity: number;
  /** E.164 with the plus. */
  readonly msisdn: string;
  readonly user?: string | undefined;
  readonly email?: string | undefined;
  readonly coupon?: string | undefined;
  readonly locale: string;
  /** This gateway and no other. */
  readonly gateway?: string | undefined;
  /** Charged at once and without a page: this saved card, or without one what `gateway` charges by itself. */
  readonly charge?: { readonly cardId?: bigint } | undefined;
}

export type StartConsent = Pick<
  ConsentInput,
  'method' | 'textShown' | 'priceShown' | 'evidence' | 'shownAt' | 'confirmedAt'
>;

export interface Started {
  /** `sub_…` */
  readonly subscription: string;
  /** `pay_…`, to be led to. */
  readonly payment: string;
  /** What its page asks for: the bill, or the smallest amount that tries a card and goes back. */
  readonly amountMinor: bigint;
  readonly currency: string;
  readonly expiresAt: Date;
}

export interface Starting {
  /** The number that the subscription will have. */
  readonly id: bigint;
  readonly order: Order;
  readonly consent: StartConsent;
}

/** One that may begin so far. */
export interface Candidate extends Starting {
  readonly place: number;
  readonly plan: Plan;
  readonly key: SubscriptionKey;
}

/** What became of each that was to begin: by its place in the list. */
export interface Verdicts {
  refuse(place: number, why: AppError): void;
  isRefused(place: number): boolean;
}
