import { AmountMinor, CurrencyCode, Instant, MsisdnText, Type } from '#http';
import { isE164, type NumberPlan, readAnyMsisdn } from '#phone';
import type { CardCase } from '#subscriptions/cards/card-case';
import { laterOf } from '#subscriptions/cards/moves';
import type { Plan } from '#subscriptions/cards/plans';
import { formatInterval, type Quote } from '#subscriptions/pricing';
import { subscriptionId } from '#subscriptions/subscription';

/** What PostgreSQL can't store: a NUL, and half a surrogate pair. */
const STORABLE = '^[^\\u0000\\ud800-\\udfff]*$';
export const text = (maxLength: number, description?: string) =>
  Type.String({
    ...{ minLength: 1, maxLength, pattern: STORABLE },
    ...(description === undefined ? {} : { description }),
  });

export const SubscriptionParams = Type.Object({ id: Type.String({ maxLength: 60 }) });
export const QueuedCommand = Type.Object({
  subscription: Type.String(),
  command: Type.String({ description: 'cmd_…: ask for what came of it' }),
});
export const CardParams = Type.Object({ msisdn: MsisdnText, card: Type.String({ maxLength: 60 }) });

export const PlanShape = Type.Object({
  plan: Type.String(),
  title: Type.String(),
  version: Type.Integer(),
  price_minor: AmountMinor,
  setup_fee_minor: AmountMinor,
  currency: CurrencyCode,
  interval: Type.String({ description: 'week, month, three_months, year or 10_days' }),
  trial_days: Type.Integer(),
  pause_days_most: Type.Integer(),
});

export const QuoteLineShape = Type.Object({
  kind: Type.String({ description: 'plan, setup_fee, credit or trial' }),
  plan: Type.String(),
  quantity: Type.Integer(),
  from: Instant,
  until: Instant,
  share: Type.String({ description: 'of the whole period, such as 1296000/2592000' }),
  amount_minor: AmountMinor,
  tax_minor: AmountMinor,
});

export const QuoteShape = Type.Object({
  at: Instant,
  hash: Type.String({ description: 'with `at` it names this quote in the command' }),
  expires_at: Instant,
  takes_effect_at: Instant,
  currency: CurrencyCode,
  total_minor: AmountMinor,
  tax_minor: AmountMinor,
  due_minor: AmountMinor,
  balance_used_minor: AmountMinor,
  credit_minor: AmountMinor,
  refund_minor: AmountMinor,
  lines: Type.Array(QuoteLineShape),
  next_charge: Type.Optional(Type.Object({ at: Instant, due_minor: AmountMinor })),
});

export const CardShape = Type.Object({
  card: Type.String({ description: 'card_…' }),
  gateway: Type.String(),
  brand: Type.String(),
  mask: Type.String(),
  expires: Type.Optional(Type.String()),
  is_default: Type.Boolean(),
  saved_at: Instant,
});

export function planToApi({ code, pauseDaysMost, price, title, trialDays }: Plan) {
  return {
    ...{ plan: code, title, version: price.version, price_minor: price.unitPriceMinor },
    ...{ setup_fee_minor: price.setupFeeMinor, currency: price.currency },
    ...{ interval: formatInterval(price.interval), trial_days: trialDays },
    pause_days_most: pauseDaysMost,
  };
}

export function quoteToApi(quote: Quote) {
  return {
    ...{ at: quote.at, hash: quote.hash, expires_at: quote.expiresAt },
    ...{ takes_effect_at: quote.takesEffectAt, currency: quote.currency },
    ...{ total_minor: quote.totalMinor, tax_minor: quote.taxMinor, due_minor: quote.dueMinor },
    ...{ balance_used_minor: quote.balanceUsedMinor, credit_minor: quote.creditMinor },
    refund_minor: quote.refunds.reduce((sum, { amountMinor }) => sum + amountMinor, 0n),
    lines: quote.lines.map((line) => ({
      ...{ kind: line.kind, plan: line.plan, quantity: line.quantity, from: line.from },
      ...{ until: line.until, share: `${line.share.numerator}/${line.share.denominator}` },
      ...{ amount_minor: line.amountMinor, tax_minor: line.taxMinor },
    })),
    ...(quote.next ? { next_charge: { at: quote.next.at, due_minor: quote.next.dueMinor } } : {}),
  };
}

/** The card half of a subscription, as the outside sees it. */
export const CardHalf = Type.Object({
  subscription: Type.String(),
  plan: Type.String(),
  quantity: Type.Integer(),
  status: Type.String(),
  access: Type.Boolean(),
  period_start: Instant,
  period_end: Instant,
  card: Type.Optional(Type.Object({ brand: Type.String(), mask: Type.String() })),
  cancel_at: Type.Optional(Instant),
  paused_until: Type.Optional(Instant),
  price_change: Type.Optional(
    Type.Object(
      {
        version: Type.Integer(),
        price_minor: AmountMinor,
        currency: CurrencyCode,
        from: Instant,
        needs_agreement: Type.Boolean(),
      },
      { description: 'a move to a newer version that was told: POST …/price-agreement says yes' },
    ),
  ),
  planned: Type.Optional(Type.Object({ plan: Type.String(), quantity: Type.Integer() })),
  owed_minor: Type.Optional(AmountMinor),
  next_attempt_at: Type.Optional(Instant),
  attention: Type.Optional(Type.String({ description: 'why people look at it first' })),
});

export function caseToApi(one: CardCase, isOpen: boolean) {
  const { bill, card, priced } = one;
  const { endsWithPeriod, period, scheduled, selection } = priced;
  const owes = bill?.state === 'open' && one.status !== 'pending';
  return {
    ...{ subscription: subscriptionId(one.key), plan: selection.price.plan },
    ...{ quantity: selection.quantity, status: one.status, access: isOpen },
    ...{ period_start: period.start, period_end: period.endsAt },
    ...(card ? { card: { brand: card.brand, mask: card.mask } } : {}),
    ...(endsWithPeriod && one.endedAt === null ? { cancel_at: period.endsAt } : {}),
    ...(one.pausedUntil ? { paused_until: one.pausedUntil } : {}),
    ...(scheduled ? { planned: { plan: scheduled.price.plan, quantity: scheduled.quantity } } : {}),
    ...(one.move ? { price_change: moveToApi(one, one.move) } : {}),
    ...(owes ? { owed_minor: bill.amountMinor } : {}),
    ...(owes && bill.nextAttemptAt ? { next_attempt_at: bill.nextAttemptAt } : {}),
    ...(one.attention === null ? {} : { attention: one.attention }),
  };
}

function moveToApi(one: CardCase, move: NonNullable<CardCase['move']>) {
  const { amountMinor, currency, from } = laterOf(one, move);
  return {
    ...{ version: move.price.version, price_minor: amountMinor, currency, from },
    needs_agreement: move.consent === 'required' && !move.agreed,
  };
}

/** In international spelling, or as people write it where an operator of ours has the number. */
export function readNumber(spelling: string, plans: readonly NumberPlan[]): string {
  const bare = spelling.trim().replaceAll(/[\s().-]/g, '');
  return isE164(bare) ? bare : readAnyMsisdn(spelling, plans);
}
