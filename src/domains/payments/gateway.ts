import type { TransactionLogEntry } from '#operators';
import type { CardFacts, DeclineClass } from './card-gateway.ts';
import type { Offer } from './payment.ts';
import type { DeclineReason } from './topics.ts';

/**
 * What a charge takes of a gateway's rate: a balance inquiry first, so that a postpaid number or an empty account
 * is never asked to pay, then the debit. A refund, of which there are few, takes one.
 */
export const CALLS_PER_CHARGE = 2;

/** A payment as a gateway needs it. */
export interface ChargeOrder {
  readonly customerId: bigint;
  readonly id: bigint;
  /** `pay_…` */
  readonly payment: string;
  readonly msisdn: string;
  readonly amountMinor: bigint;
  readonly currency: string;
  readonly reference: string;
  readonly attempt: number;
  /** When it was asked for. */
  readonly createdAt: Date;
  /** Of a charge by card: the saved one, and what its gateway is told. */
  readonly cardId?: bigint;
  readonly offer?: Offer;
}

/** A refund as a gateway needs it: `id`, `payment` and `amountMinor` are its own. */
export interface RefundOrder extends ChargeOrder {
  /** `pay_…` of the charge that it gives back. */
  readonly refundOf: string;
  /** What the gateway calls that charge, where it calls it anything. */
  readonly refundOfTransaction?: string;
}

/** What a gateway says of a charge or a refund, in the house's own words. */
export type ChargeOutcome =
  | { readonly outcome: 'accepted'; readonly gatewayReference?: string }
  /** Of a card: the money is reserved. */
  | { readonly outcome: 'authorized'; readonly gatewayReference: string }
  | {
      readonly outcome: 'declined';
      readonly reason: DeclineReason;
      /** Of a card: what follows from it, and how long its gateway wants to be left alone. */
      readonly class?: DeclineClass;
      readonly retryAfterMs?: number;
    }
  /** Money moved, and not what was asked for. It never counts as paid. */
  | {
      readonly outcome: 'conflicted';
      readonly reason: string;
      readonly gatewayReference: string;
      /** Nothing was taken, only reserved. */
      readonly isReserved?: boolean;
    }
  /** It certainly had no effect and may simply be tried again, with the same id, a little later. */
  | { readonly outcome: 'not_sent'; readonly reason: string }
  /** It may have had its effect. */
  | { readonly outcome: 'unknown'; readonly reason: string };

/** What a gateway says when asked about a charge or a refund that it may have carried out. */
export type InquiryOutcome =
  | ChargeOutcome
  /** It knows nothing of it now; whether it may still arrive is a question of time. */
  | { readonly outcome: 'not_found' };

export interface Conversation<Outcome> {
  readonly result: Outcome;
  /** What was said, redacted, in order. */
  readonly log: readonly TransactionLogEntry[];
  /** Of a card: all that its gateway said of the operation. */
  readonly facts?: CardFacts;
}

/**
 * The seam to whoever moves money. The order's id is the idempotency key towards the gateway. An
 * implementation never throws for what the outside does: it says `unknown`.
 */
export interface Gateway {
  readonly name: string;
  /**
   * How a lost answer is cleared up: `byOurId` asks about it, `repeatIsSafe` sends the same again,
   * `none` leaves it to the operator's file and to people.
   */
  inquiry(): 'byOurId' | 'repeatIsSafe' | 'none';
  /** How long after its outcome became unknown "not found" may still mean "on its way". */
  settleMs(): number;
  /** The longest that one charge may take, for its lease. */
  longestMs(): number;
  /** How long after its beginning a charge's last call may still go out; what is later is not sent. */
  latestMs(): number;
  /** Charges per second that its rate allows. */
  chargesPerSecond(): number;
  /** False while nothing should be claimed for it. */
  admits(): boolean;
  /** Waits for grants of its rate; one for each charge that is about to begin. */
  take(most: number, signal: AbortSignal): Promise<number>;
  /**
   * Charges once. The grant for its first call has been taken. `beganMs` (of `performance.now()`) is before it
   * was marked as sending: a process that slept since must not send what others have asked about meanwhile.
   */
  charge(order: ChargeOrder, beganMs: number): Promise<Conversation<ChargeOutcome>>;
  /** Whether it can give money back. What it can't, `refund` declines as `not_eligible` without a call. */
  refunds(): boolean;
  /** Gives back once, under the same rules as `charge`. */
  refund(order: RefundOrder, beganMs: number): Promise<Conversation<ChargeOutcome>>;
  /**
   * Whether what it does not know must go out under a new id: a failure that it answered under an id stays its answer to that
   * id. Absent: the same id is sent again.
   */
  forgets?(): boolean;
  /** Whether fiscal receipts go with its operations of which it has to be asked later. Absent: none. */
  awaitsReceipts?(): boolean;
  /** Asks about a charge or a refund. Only where `inquiry` is not `none`. */
  inquire(order: ChargeOrder | RefundOrder): Promise<Conversation<InquiryOutcome>>;
}
