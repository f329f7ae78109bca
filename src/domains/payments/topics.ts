import { type Static, Type } from 'typebox';
import { defineTopic, type Topic } from '#bus';
import type { CardDeclineReason } from './card-gateway.ts';

/** An order to charge, or to give back. The payment's row says how much and whom; `not_after` is repeated for readers. */
export const PaymentRequest = Type.Object({
  payment: Type.String({ description: 'pay_…' }),
  kind: Type.Union([Type.Literal('charge'), Type.Literal('refund')]),
  not_after: Type.String({ format: 'date-time' }),
});
export type PaymentRequest = Static<typeof PaymentRequest>;

/** Why money did not move: the normalised vocabulary, whatever the operator's own code. */
export const declineReasons = [
  'insufficient_funds',
  'limit_exceeded',
  'too_soon',
  'barred_or_suspended',
  'unknown_subscriber',
  'postpaid_not_allowed',
  'blacklisted',
  'not_eligible',
  'invalid_request',
  'operator_error',
] as const;
/** Of a card: in the words of its gateways; `card_removed`: its holder has taken it away since. */
export type DeclineReason = (typeof declineReasons)[number] | CardDeclineReason | 'card_removed';

/** The end of a payment. `unknown` never stands here: it is asked about until it has ended. */
export const PaymentResponse = Type.Object({
  payment: Type.String(),
  reference: Type.String({ description: 'what was paid for, in the words of who asked' }),
  msisdn: Type.String(),
  amount_minor: Type.Integer(),
  currency: Type.String(),
  outcome: Type.Union([
    Type.Literal('accepted'),
    Type.Literal('declined'),
    Type.Literal('failed'),
    Type.Literal('withdrawn'),
    Type.Literal('expired'),
    Type.Literal('conflicted'),
  ]),
  reason: Type.Optional(Type.String()),
  gateway: Type.Optional(Type.String()),
  card: Type.Optional(
    Type.String({ description: 'card_…: the saved card that was charged, or is kept from now on' }),
  ),
  decline_class: Type.Optional(
    Type.String({
      description: 'of a card: never, funds, temporary, technical, authentication, request',
    }),
  ),
  retry_after_ms: Type.Optional(
    Type.Integer({ description: 'how long the gateway wants to be left alone' }),
  ),
  at: Type.String({ format: 'date-time' }),
});
export type PaymentResponse = Static<typeof PaymentResponse>;

export const PaymentEvent = Type.Object({
  event: Type.String({
    description:
      'accepted, declined, failed, unknown, withdrawn, expired; of a refund: refund_requested, refunded, ' +
      'refund_declined, refund_failed, refund_unknown, refund_expired; of a charge after STOP that can not be given ' +
      'back: refund_impossible; of cards: presented, authorized, page_declined (one try on a page), conflicted, surplus ' +
      '(paid once more than was asked: it goes back by itself), disputed',
  }),
  payment: Type.String(),
  reference: Type.String(),
  msisdn: Type.String(),
  amount_minor: Type.Integer(),
  currency: Type.String(),
  reason: Type.Optional(Type.String()),
  refund_of: Type.Optional(
    Type.String({ description: 'pay_… of the charge, where it is a refund' }),
  ),
  gateway: Type.String(),
  at: Type.String({ format: 'date-time' }),
});
export type PaymentEvent = Static<typeof PaymentEvent>;

/** What a payer's bank says of a payment by card. */
export const PaymentDispute = Type.Object({
  payment: Type.String({ description: 'pay_… that is disputed' }),
  reference: Type.String({ description: 'what was paid for, in the words of who asked' }),
  msisdn: Type.String(),
  gateway: Type.String(),
  dispute: Type.String({ description: "the gateway's id of it" }),
  kind: Type.Union([
    Type.Literal('opened'),
    Type.Literal('lost'),
    Type.Literal('won'),
    Type.Literal('fee'),
  ]),
  amount_minor: Type.Integer({ description: 'of the dispute' }),
  currency: Type.String(),
  reason: Type.Optional(Type.String()),
  at: Type.String({ format: 'date-time' }),
});
export type PaymentDispute = Static<typeof PaymentDispute>;

/** 2 fresh consent, 1 due period, 0 retry. */
const PRIORITY_CLASSES = 3;

export function paymentRequests(gateway: string): Topic<PaymentRequest> {
  return defineTopic(`${gateway}_requests`, {
    schema: PaymentRequest,
    description:
      'Charges and refunds on their way to the gateway: 2 fresh consent, 1 due period, 0 retry.',
    priorities: PRIORITY_CLASSES,
  });
}

export function paymentResponses(gateway: string): Topic<PaymentResponse> {
  return defineTopic(`${gateway}_responses`, {
    schema: PaymentResponse,
    description: 'The normalised outcome of each charge. Refunds are told in payment_events only.',
  });
}

export const paymentEvents = defineTopic<PaymentEvent>('payment_events', {
  schema: PaymentEvent,
  description: 'What happens to payments, as it happens.',
});

/** By itself, and not only among the events: whoever listens to those pays for every payment there is. */
export const paymentDisputes = defineTopic<PaymentDispute>('payment_disputes', {
  schema: PaymentDispute,
  description: "What payers' banks take back of payments by card, and what becomes of it.",
});
