import { type Static, Type } from 'typebox';
import { defineTopic, type Group, type Topic } from '#bus';

/** One payout for the ERP to make. Amounts are minor units. */
export const NewPayout = Type.Object({
  erp_id: Type.String({
    description:
      'Names the payout in both directions: 32 letters, the same however often it is sent.',
  }),
  client_id: Type.String(),
  account: Type.String({ description: 'acc_…' }),
  amount_minor: Type.Integer({ minimum: 1 }),
  currency: Type.String(),
  cash_payment_facts: Type.Array(
    Type.Object({
      fact: Type.String(),
      reference: Type.String({
        description: 'The statement that brought it, such as mobilink/2026-11-25.',
      }),
      amount_minor: Type.Integer({ minimum: 1 }),
    }),
    {
      description:
        'What of it is covered by money that has arrived; their sum is at most the amount.',
    },
  ),
  at: Type.String({ format: 'date-time' }),
});
export type NewPayout = Static<typeof NewPayout>;

/** A word of the ERP, or of the receivables feed, about a payout. They come in any order, and more than once. */
export const PayoutStatus = Type.Object({
  event_id: Type.String({
    description: 'The same when it is told again.',
    minLength: 1,
    maxLength: 100,
  }),
  erp_id: Type.String({ minLength: 1, maxLength: 64 }),
  status: Type.String({ minLength: 1, maxLength: 40 }),
  reason: Type.Optional(Type.String({ maxLength: 500 })),
  occurred_at: Type.Optional(Type.String({ format: 'date-time' })),
});
export type PayoutStatus = Static<typeof PayoutStatus>;

export interface PayoutTopics {
  readonly newPayout: Topic<NewPayout>;
  readonly statusArd: Topic<PayoutStatus>;
  readonly statusOebs: Topic<PayoutStatus>;
}

/** `prefix` is a setting: what stands before `.oebs.` in the names of a house's topics. */
export function payoutTopics(prefix: string): PayoutTopics {
  return {
    newPayout: defineTopic<NewPayout>(`${prefix}.oebs.new-payout`, {
      ...{ schema: NewPayout, ordered: true },
      description: 'A payout for the ERP to make, with its cash payment facts; key: the account.',
    }),
    statusArd: defineTopic<PayoutStatus>(`${prefix}.oebs.payout-status-ard`, {
      ...{ schema: PayoutStatus, ordered: true },
      description: 'What the receivables feed says of a payout; key: its erp_id.',
    }),
    statusOebs: defineTopic<PayoutStatus>(`${prefix}.oebs.payout-status-oebs`, {
      ...{ schema: PayoutStatus, ordered: true },
      description: 'What the ERP says of a payout; key: its erp_id.',
    }),
  };
}

/**
 * The ERP itself. It is declared wherever payouts are sent, whether the ERP is a simulator in this process or a system
 * on the other side of a broker: a topic that no group listens to stores nothing.
 */
export function newPayoutGroup({ newPayout }: Pick<PayoutTopics, 'newPayout'>): Group<NewPayout> {
  return { topic: newPayout, name: 'erp' };
}

export const PayoutEvent = Type.Object({
  event: Type.String({ description: 'The step: reserved, sent, acknowledged, paid, rejected, …' }),
  payout: Type.String(),
  client_id: Type.String(),
  state: Type.String(),
  amount_minor: Type.Integer(),
  currency: Type.String(),
  reason: Type.Optional(Type.String()),
  at: Type.String({ format: 'date-time' }),
});
export type PayoutEvent = Static<typeof PayoutEvent>;

export const payoutEvents = defineTopic<PayoutEvent>('payout_events', {
  schema: PayoutEvent,
  description: 'Every step of a payout; key: the payout.',
});
