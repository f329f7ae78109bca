import type { CardDeclineReason, DeclineClass } from '#payments';

/** A charge of the bill that a card refused. */
export interface Decline {
  readonly at: Date;
  readonly class: DeclineClass;
  readonly reason: CardDeclineReason;
  /** Of the card that it was on. */
  readonly fingerprint: string;
  /** The gateway's own word: this card not before then. */
  readonly retryAfter?: Date | undefined;
}

export type Remedy = 'new_card' | 'authentication';

export type StopReason =
  /** Its holder takes back the consent to be charged: nothing is asked of him either. */
  | 'consent_withdrawn'
  | 'card_removed'
  | 'disputed'
  | 'cancelled'
  | 'paid'
  /** The request was wrong: a person has to look, no retry mends it. */
  | 'request_faulty'
  /** The outcome of an attempt is not known: it is asked about first. */
  | 'outcome_unknown'
  /** The last day of the ladder comes before the next moment that is allowed. */
  | 'ladder_ended';

const withdrawn: readonly CardDeclineReason[] = ['consent_withdrawn', 'cancelled_by_customer'];
/** Whatever class a gateway gives them, a card with these is not tried again unasked. */
const never: readonly CardDeclineReason[] = [
  ...['lost_or_stolen', 'expired_card', 'invalid_card', 'restricted_card'],
  ...['unsupported_card', 'fraud_suspected'],
] as const satisfies readonly CardDeclineReason[];

export type Consequence =
  | { readonly next: 'retry' }
  | { readonly next: 'ask'; readonly for: Remedy }
  | { readonly next: 'stop'; readonly why: StopReason };

/** What a decline alone decides, whatever the budgets and the calendar say. */
export function consequenceOf(decline: Pick<Decline, 'class' | 'reason'>): Consequence {
  if (withdrawn.includes(decline.reason)) return { next: 'stop', why: 'consent_withdrawn' };
  if (decline.class === 'never' || never.includes(decline.reason)) {
    return { next: 'ask', for: 'new_card' };
  }
  switch (decline.class) {
    case 'authentication':
      return { next: 'ask', for: 'authentication' };
    case 'request':
      return { next: 'stop', why: 'request_faulty' };
    default:
      return { next: 'retry' };
  }
}
