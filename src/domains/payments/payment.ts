import { formatId, parseId } from '#ids';
import type { ReceiptData } from './card-gateway.ts';

/** The life of a payment, drawn in `docs/reference/state-machines.md` from the table below. */
export type PaymentState =
  | 'new'
  | 'claimed'
  | 'sending'
  | 'unknown'
  | 'presented'
  | 'authorized'
  | 'accepted'
  | 'declined'
  | 'failed'
  | 'withdrawn'
  | 'expired'
  | 'uncollectible'
  | 'conflicted';

export type PaymentStep =
  | 'claim'
  | 'lease_lost'
  | 'send'
  | 'authorize'
  | 'accept'
  | 'conflict'
  | 'decline'
  | 'fail'
  | 'not_sent'
  | 'stop'
  | 'lose_answer'
  | 'withdraw'
  | 'void'
  | 'expire'
  | 'list'
  | 'give_up'
  | 'count';

/** From where a step leads where; a pair that is absent never happens. */
export const paymentSteps: Readonly<
  Record<PaymentState, Readonly<Partial<Record<PaymentStep, PaymentState>>>>
> = {
  new: { claim: 'claimed', withdraw: 'withdrawn', expire: 'expired' },
  claimed: {
    lease_lost: 'claimed',
    send: 'sending',
    withdraw: 'withdrawn',
    expire: 'expired',
    list: 'declined',
  },
  sending: {
    accept: 'accepted',
    authorize: 'authorized',
    conflict: 'conflicted',
    decline: 'declined',
    fail: 'failed',
    not_sent: 'new',
    stop: 'withdrawn',
    lose_answer: 'unknown',
  },
  // The answer may come after its lease has ended: also the word that nothing was sent.
  unknown: {
    accept: 'accepted',
    authorize: 'authorized',
    conflict: 'conflicted',
    decline: 'declined',
    fail: 'failed',
    not_sent: 'new',
    stop: 'withdrawn',
    give_up: 'uncollectible',
  },
  // A page that its payer has before him: he may try several cards. What is declined leaves it open.
  presented: {
    accept: 'accepted',
    authorize: 'authorized',
    conflict: 'conflicted',
    withdraw: 'withdrawn',
    expire: 'expired',
  },
  authorized: {
    accept: 'accepted',
    conflict: 'conflicted',
    void: 'withdrawn',
  },
  accepted: {},
  declined: {},
  failed: {},
  withdrawn: {},
  expired: {},
  uncollectible: {},
  // Money moved, and not what was asked for: people look at it. It never counts as paid before one of them has said so.
  conflicted: { count: 'accepted' },
};

/** Where `step` leads from `state`; undefined for a pair that never happens. */
export function nextPaymentState(state: PaymentState, step: PaymentStep): PaymentState | undefined {
  return paymentSteps[state][step];
}

/** States from which `step` may be taken: what a statement's `where` must say. */
export function statesBefore(step: PaymentStep): readonly PaymentState[] {
  const states = Object.keys(paymentSteps) as PaymentState[];
  return states.filter((state) => paymentSteps[state][step] !== undefined);
}

/** Which way the money goes: a refund gives back of a charge. */
export type PaymentKind = 'charge' | 'refund';

/** One reference for all refunds of a charge: at most one of them is open at a time. */
export function refundReference(charge: string): string {
  return `refund of ${charge}`;
}

/** What was paid beyond a payment: it has happened, and goes back by itself. */
export const SURPLUS = 'surplus of ';

/** Whether nobody asked for it: it answers no bill and is nobody's earning. */
export function isSurplus({ reference }: { readonly reference: string }): boolean {
  return reference.startsWith(SURPLUS);
}

/** One of them is open at a time. */
export function surplusReference(charge: string): string {
  return `${SURPLUS}${charge}`;
}

/** What a domain asks for: to take `amountMinor` from `msisdn`, for something of its own called `reference`. */
export interface ChargeRequest {
  readonly customerId: bigint;
  readonly gateway: string;
  readonly msisdn: string;
  readonly amountMinor: bigint;
  readonly currency: string;
  /** Opaque: at most one payment for it is open at a time. */
  readonly reference: string;
  /** 2 fresh consent, 1 due period, 0 retry. */
  readonly priority: 0 | 1 | 2;
  /** Past this moment it is dropped, not tried. */
  readonly notAfter: Date;
  /** By which contract of the ledger it is parted, if by any. */
  readonly allocation?: bigint;
  /** The saved card that is charged; absent: the phone's bill. */
  readonly cardId?: bigint;
  /** What the gateway is told of it, where a card is charged. */
  readonly offer?: Offer;
}

/** What a card's holder, his bank and the tax office are told of a payment. */
export interface Offer {
  readonly description: string;
  readonly email?: string;
  readonly receipt?: ReceiptData;
  /** The card is to be kept for later charges. */
  readonly saveCard?: boolean;
  readonly twoStage?: boolean;
}

export function paymentId(customerId: bigint, id: bigint): string {
  return formatId('pay', { customerId, id });
}

export function parsePaymentId(text: string) {
  return parseId('pay', text, 'payment');
}

/** Undefined where it is none of ours: gateways are told by others too what they call a payment. */
export function readPaymentId(text: string) {
  try {
    return parsePaymentId(text);
  } catch {
    return undefined;
  }
}
