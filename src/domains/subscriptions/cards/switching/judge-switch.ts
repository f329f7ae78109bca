import type { Tx } from '#database';
import { must } from '#errors';
import { toChargedCard } from '#subscriptions/cards/billing';
import { type CardCase, type ChargedCard, openBillOf } from '#subscriptions/cards/card-case';
import type { CardContext } from '#subscriptions/cards/card-context';
import { lockCases } from '#subscriptions/cards/cases';
import type { Plan } from '#subscriptions/cards/plans';
import type { Catalogue } from '#subscriptions/catalogue';
import { CARD, operatorOf } from '#subscriptions/sms-route';
import type { BilledRow } from '#subscriptions/store';
import { billReference, isAlive } from '#subscriptions/subscription';
import { isCarrierPeriod } from '#subscriptions/terms';

/** What a subscription would be if it changed its way of paying now, or why it can't. Nothing is written. */
export type SwitchVerdict =
  | { readonly verdict: 'refused'; readonly reason: string }
  | {
      readonly verdict: 'to_card';
      readonly plan: Plan;
      /** Absent: one has to be left on a page first. */
      readonly card: ChargedCard | undefined;
      /** Where what was paid by phone ends: now, if nothing is paid. */
      readonly startsAt: Date;
    }
  | {
      readonly verdict: 'to_phone';
      readonly plan: Plan;
      readonly terms: PhoneTerms;
      readonly one: CardCase;
      readonly startsAt: Date;
    };

export type PhoneTerms = NonNullable<Awaited<ReturnType<Catalogue['newest']>>>;

export interface Wanted {
  readonly to: 'phone' | 'card';
  /** The version whose price was shown; absent in a preview. */
  readonly version?: number | undefined;
  /** `card_…`: this one and no other. */
  readonly card?: string | undefined;
}

const refuse = (reason: string): SwitchVerdict => ({ verdict: 'refused', reason });

/** Judges a subscription that is locked. */
export async function judgeSwitch(
  context: CardContext,
  tx: Tx,
  { row, wanted }: { readonly row: BilledRow; readonly wanted: Wanted },
): Promise<SwitchVerdict> {
  if (!isAlive(row.status)) return refuse('ended');
  const isByCard = row.operator === CARD;
  if (isByCard === (wanted.to === 'card')) return refuse(`by_${wanted.to}_already`);
  if (row.status === 'pending' || row.status === 'paused') return refuse(`is_${row.status}`);
  const code = await codeOf(context, tx, row);
  const plan = await context.plans.newest(code);
  if (!plan?.methods.includes('phone')) return refuse('plan_has_one_way');
  if (wanted.version !== undefined && wanted.version !== plan.price.version)
    return refuse('terms_outdated');
  return wanted.to === 'card'
    ? judgeToCard(context, { row, wanted, plan })
    : judgeToPhone(context, tx, { row, plan });
}

export async function codeOf({ catalogue }: CardContext, tx: Tx, row: BilledRow): Promise<string> {
  const key = { serviceId: row.service_id, version: row.terms_version };
  const termsOf = await catalogue.versions(tx, [key]);
  return termsOf(key.serviceId, key.version).serviceCode;
}

async function judgeToCard(
  context: CardContext,
  { plan, row, wanted }: { readonly row: BilledRow; readonly wanted: Wanted; readonly plan: Plan },
): Promise<SwitchVerdict> {
  if (!(await isPhoneBillFree(context, row))) return refuse('payment_under_way');
  const now = context.clock.now();
  const cards = await context.payments.cards.list(context.database.pool, row.customer_id);
  const found = cards.find((one) =>
    wanted.card === undefined ? one.isDefault : one.card === wanted.card,
  );
  if (wanted.card !== undefined && !found) return refuse('card_unknown');
  const isPaid = row.bill_period === null && row.paid_until !== null && row.paid_until > now;
  return {
    ...{ verdict: 'to_card', plan, startsAt: isPaid && row.paid_until ? row.paid_until : now },
    card: found && toChargedCard(row.customer_id, found),
  };
}

/**
 * Whether nobody can still be charged by the open phone bill: no payment of it has left, or may have. Under the subscription's lock
 * none is begun. One that was accepted, and of which only the answer was not heard yet, counts as under way.
 */
async function isPhoneBillFree({ payments }: CardContext, row: BilledRow): Promise<boolean> {
  if (row.bill_period === null) return true;
  const key = { customerId: row.customer_id, id: row.id };
  const found = await payments.of(key.customerId, [billReference(key, row.bill_period)]);
  return found.every(({ closed_at: closedAt, state }) =>
    closedAt === null ? state === 'new' || state === 'claimed' : !MOVED.has(state),
  );
}

const MOVED: ReadonlySet<string> = new Set(['accepted', 'conflicted', 'uncollectible']);

async function judgeToPhone(
  context: CardContext,
  tx: Tx,
  { plan, row }: { readonly row: BilledRow; readonly plan: Plan },
): Promise<SwitchVerdict> {
  const [one] = await lockCases(tx, [{ customerId: row.customer_id, id: row.id }]);
  must(one, 'what a card pays has its card half');
  const reason = whyNotByPhone(one);
  if (reason) return refuse(reason);
  const terms = await context.catalogue.newest(plan.code);
  if (!terms || terms.version !== plan.price.version || !isCarrierPeriod(terms.period))
    return refuse('terms_outdated');
  if (operatorOf(context.operators, row.msisdn)?.name !== terms.operator)
    return refuse('number_of_another_operator');
  const listed = (await context.operators.listed(tx, [row.msisdn])).get(row.msisdn);
  if (listed) return refuse(listed === 'blacklist' ? 'number_blacklisted' : 'number_postpaid');
  const now = context.clock.now();
  const { endsAt } = one.priced.period;
  // A bill that was opened ahead of its period leaves that before it paid.
  return { verdict: 'to_phone', plan, terms, one, startsAt: endsAt > now ? endsAt : now };
}

function whyNotByPhone(one: CardCase): string | undefined {
  const { attention, priced } = one;
  if (attention !== null) return 'needs_attention';
  if (openBillOf(one)?.isUnderWay) return 'payment_under_way';
  if (priced.endsWithPeriod) return 'ending';
  if (priced.scheduled) return 'change_planned';
  return priced.selection.quantity === 1 ? undefined : 'quantity_by_phone';
}
