import { type Static, Type } from 'typebox';
import { defineTopic, type Topic } from '#bus';

/** A confirmed consent. The consent's row says to what. */
export const NewSubscription = Type.Object({
  consent: Type.String({ description: 'con_…' }),
  msisdn: Type.String(),
  service: Type.String({ description: "the service's code" }),
});
export type NewSubscription = Static<typeof NewSubscription>;

/** The first charge of a subscription that has just been written down. */
export const FirstCharge = Type.Object({ subscription: Type.String({ description: 'sub_…' }) });
export type FirstCharge = Static<typeof FirstCharge>;

export const SubscriptionStatusRow = Type.Object({
  at: Type.String({ format: 'date-time' }),
  subscription: Type.String(),
  msisdn: Type.String(),
  status: Type.String(),
  reason: Type.Optional(Type.String()),
});
export const TransactionRow = Type.Object({
  at: Type.String({ format: 'date-time' }),
  subscription: Type.String(),
  payment: Type.String(),
  msisdn: Type.String(),
  operator: Type.String(),
  service: Type.String(),
  period: Type.Integer(),
  amount_minor: Type.Integer(),
  currency: Type.String(),
  result: Type.String({ description: 'paid, failed, retry_paid, retry_failed, …' }),
  reason: Type.Optional(Type.String()),
});

/** Rows for the reports, as sets: `writeSubscriptionStatus` and `writeTransaction`. */
export const MtManagerAction = Type.Union([
  Type.Object({
    action: Type.Literal('writeSubscriptionStatus'),
    rows: Type.Array(SubscriptionStatusRow),
  }),
  Type.Object({ action: Type.Literal('writeTransaction'), rows: Type.Array(TransactionRow) }),
]);
export type MtManagerAction = Static<typeof MtManagerAction>;

export const SubscriptionEvent = Type.Object({
  event: Type.String({
    description:
      'created, refused, charged, renewed, failed, cancelled, ended, charged_after_stop; by card also trial_started, ' +
      'charge_coming, held, changed, change_planned, change_failed, cancel_planned, kept, paused, resumed, card_changed, ' +
      'needs_attention, refund_impossible, switched, price_changing, price_agreed, price_kept',
  }),
  subscription: Type.String(),
  msisdn: Type.String(),
  service: Type.String(),
  operator: Type.String(),
  status: Type.String(),
  period: Type.Optional(Type.Integer()),
  /** `sub_…/period`: the bill that this is about. */
  bill: Type.Optional(Type.String()),
  amount_minor: Type.Optional(Type.Integer()),
  currency: Type.Optional(Type.String()),
  reason: Type.Optional(Type.String()),
  /** Of `switched` and `price_changing`: from when on it is charged so, at `amount_minor`. */
  effective_at: Type.Optional(Type.String({ format: 'date-time' })),
  at: Type.String({ format: 'date-time' }),
});
export type SubscriptionEvent = Static<typeof SubscriptionEvent>;

export const UserAction = Type.Object({
  hit: Type.String(),
  action: Type.String({
    description: 'access, msisdn_entered, pin_wrong, pull_click, content_get, unreg, …',
  }),
  campaign: Type.Optional(Type.String()),
  msisdn: Type.Optional(Type.String()),
  error: Type.Optional(Type.String()),
  at: Type.String({ format: 'date-time' }),
});
export type UserAction = Static<typeof UserAction>;

/** What somebody wants of a subscription that is paid by card. */
export const PaymentCommand = Type.Object({
  /** Its own number: heard again, it is the same. */
  id: Type.String({ description: 'cmd_…' }),
  subscription: Type.String({ description: 'sub_…' }),
  command: Type.Union([
    Type.Literal('cancel'),
    Type.Literal('repay'),
    Type.Literal('change'),
    Type.Literal('pause'),
    Type.Literal('resume'),
    Type.Literal('switch'),
    Type.Literal('agree'),
  ]),
  origin: Type.String({ description: 'api, client-admin, console, …' }),
  actor: Type.String({ description: 'who: the name of a key, a number, a member of the staff' }),
  /** Of `cancel` and `change`. */
  timing: Type.Optional(Type.Union([Type.Literal('now'), Type.Literal('period_end')])),
  /** Of `cancel` now: what becomes of the part that was paid for and not used. */
  unused: Type.Optional(
    Type.Union([Type.Literal('refund'), Type.Literal('credit'), Type.Literal('keep')]),
  ),
  /** Of `change`. */
  plan: Type.Optional(Type.String()),
  version: Type.Optional(Type.Integer()),
  quantity: Type.Optional(Type.Integer()),
  /** The quote that was shown: without it, it is carried out at what it costs then. */
  quote: Type.Optional(
    Type.Object({ at: Type.String({ format: 'date-time' }), hash: Type.String() }),
  ),
  /** Of `switch`: the other way of paying. `plan` has no say: it stays. */
  to: Type.Optional(Type.Union([Type.Literal('phone'), Type.Literal('card')])),
  /** Of `switch` to a card: this one, else the customer's default. */
  card: Type.Optional(Type.String({ description: 'card_…' })),
  locale: Type.Optional(Type.String()),
  /** Of `switch` and `agree`: the yes that was given to it, and when. */
  consent: Type.Optional(Type.String({ description: 'con_…' })),
  consented_at: Type.Optional(Type.String({ format: 'date-time' })),
  /** Of `pause`. */
  days: Type.Optional(Type.Integer()),
  reason: Type.Optional(Type.String()),
  at: Type.String({ format: 'date-time' }),
});
export type PaymentCommand = Static<typeof PaymentCommand>;

/** Commands of one subscription are carried out in the order in which they were given. */
export const paymentCommands = defineTopic<PaymentCommand>('payment_commands', {
  schema: PaymentCommand,
  description: 'What is wanted of subscriptions that are paid by card.',
  ordered: true,
});

export function newSubscriptions(operator: string): Topic<NewSubscription> {
  return defineTopic(`${operator}_new_subscriptions`, {
    schema: NewSubscription,
    description: 'Confirmed consents; each becomes a subscription.',
  });
}

export function firstCharges(operator: string): Topic<FirstCharge> {
  return defineTopic(`${operator}_mo_tarifficate`, {
    schema: FirstCharge,
    description: 'New subscriptions on their way to the first charge; the checks run here.',
  });
}

export const mtManager = defineTopic<MtManagerAction>('mt_manager', {
  schema: MtManagerAction,
  description: 'Rows for the reports; they never change subscriptions or payments.',
});

export const subscriptionEvents = defineTopic<SubscriptionEvent>('subscription_events', {
  schema: SubscriptionEvent,
  description: 'What happens to subscriptions, with the bill it is about.',
});

export const userActions = defineTopic<UserAction>('xmp_user_actions', {
  schema: UserAction,
  description: 'What a visitor or customer did.',
});
