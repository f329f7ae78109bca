import type { CardDeclineReason, DeclineClass, Offer } from '#payments';
import type { Decline, RetryReason, ToldReason } from '#subscriptions/dunning';
import type { Price, PricedSubscription } from '#subscriptions/pricing';
import type { SubscriptionKey, SubscriptionStatus } from '#subscriptions/subscription';

/** The card that is charged, as it was when it was saved. */
export interface ChargedCard {
  readonly id: bigint;
  readonly gateway: string;
  readonly brand: string;
  readonly mask: string;
  /** Limits of the networks are counted by it; a card without one is known by its mask. */
  readonly fingerprint: string;
}

export type BillKind = 'start' | 'renewal' | 'change';

/** A bill for a card. `number` is what stands behind the slash of its reference; `covers`, the period it pays for. */
export interface CardBill {
  readonly number: number;
  readonly kind: BillKind;
  readonly covers: number;
  readonly amountMinor: bigint;
  readonly currency: string;
  readonly state: 'open' | 'paid' | 'void' | 'uncollectible';
  readonly reason: string | null;
  readonly attempts: number;
  readonly openedAt: Date;
  readonly closedAt: Date | null;
  /** The newest payment whose response was heard. */
  readonly lastPayment: bigint | null;
  readonly totalMinor: bigint;
  readonly taxMinor: bigint;
  readonly balanceUsedMinor: bigint;
  /** What the subscription is once it is paid. */
  readonly after: PricedSubscription;
  readonly receipt: Offer['receipt'] | null;
  readonly firstDeclinedAt: Date | null;
  /** When it is tried again; null while a payment is under way, and when nothing is planned. */
  readonly nextAttemptAt: Date | null;
  readonly nextBecause: RetryReason | null;
  readonly toldReason: ToldReason | null;
  readonly toldSteps: number;
  /** A payment of it is open, so no other is begun. */
  readonly isUnderWay: boolean;
  /** `pay_…` of it, where it is on a page. */
  readonly pagePayment: string | null;
}

/** A move to a newer version of a plan's terms, as it was told. */
export interface PlannedMove {
  /** `mov_…` */
  readonly id: string;
  readonly price: Price;
  /** No period that begins earlier is charged so. */
  readonly from: Date;
  /** `required`: only after a new yes. Without one the old price stays (`keep`), or it ends (`end`). */
  readonly consent: 'notice' | 'required';
  readonly without: 'keep' | 'end';
  readonly agreed: boolean;
}

/** A card subscription with the bill that is open, or the one asked about. */
export interface CardCase {
  readonly key: SubscriptionKey;
  readonly msisdn: string;
  readonly serviceId: number;
  readonly version: number;
  readonly status: SubscriptionStatus;
  readonly createdAt: Date;
  readonly paidUntil: Date | null;
  readonly dueAt: Date | null;
  readonly endedAt: Date | null;
  readonly endReason: string | null;
  readonly priced: PricedSubscription;
  readonly card: ChargedCard | null;
  /** The newest payment by which a card was left. */
  readonly cardPayment: bigint | null;
  readonly locale: string;
  readonly billCount: number;
  readonly noticedPeriod: number | null;
  readonly statusSince: Date;
  readonly pausedUntil: Date | null;
  readonly attention: string | null;
  readonly email: string | null;
  /** To a newer version of what was agreed to; null once it is there, and where none is planned. */
  readonly move: PlannedMove | null;
  readonly bill: CardBill | null;
  /** As its rows have it, until they are written: what is still the very same is not written again. Null for a new one. */
  readonly asRead: Pick<CardCase, 'bill' | 'priced'> | null;
}

/** A decline of a bill, as it is kept. */
export interface CardDecline extends Decline {
  readonly bill: SubscriptionKey & { readonly number: number };
  readonly payment: bigint;
  readonly class: DeclineClass;
  readonly reason: CardDeclineReason;
}

export function openBillOf({ bill }: CardCase): CardBill | null {
  return bill?.state === 'open' ? bill : null;
}
