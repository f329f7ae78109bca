import type { Tx } from '#database';
import { type ChargedCard, openBillOf } from '#subscriptions/cards/card-case';
import type { CardContext } from '#subscriptions/cards/card-context';
import { findFormerPriced, lockBothWays } from '#subscriptions/cards/cases';
import { type Plan, type PricedOffer, periodOfInterval } from '#subscriptions/cards/plans';
import { fail } from '#subscriptions/errors';
import { quote } from '#subscriptions/pricing';
import { CARD } from '#subscriptions/sms-route';
import { type BilledRow, lockCustomers, lockSubscriptions } from '#subscriptions/store';
import { parseSubscriptionId, subscriptionId } from '#subscriptions/subscription';
import { codeOf, judgeSwitch, type Wanted } from './judge-switch.ts';
import { pricedFromPhone } from './switch-periods.ts';
import { keptPeriod } from './switch-way.ts';

/** What a switch would come to now: nothing is written, and nothing is promised but its price. */
export type SwitchPreview =
  | { readonly possible: false; readonly reason: string }
  | {
      readonly possible: true;
      readonly plan: string;
      readonly serviceId: number;
      readonly version: number;
      readonly msisdn: string;
      /** Who charges it afterwards: an operator, or `card`. */
      readonly by: string;
      readonly offer: PricedOffer;
      /** What is paid is kept until then. */
      readonly startsAt: Date;
      /** Whose calendar the days of it are told by. */
      readonly timeZone: string;
      /** An open bill of the way that pays now is closed, and not asked for any more. */
      readonly closesBill: boolean;
      /** What a card is charged first, coupons and credit from before taken off; a whole price by phone. */
      readonly firstMinor: bigint;
      /** Absent by phone, and where a card has to be left first. */
      readonly card: ChargedCard | undefined;
    };

/** Throws `subscription_unknown`. */
export async function previewSwitch(
  context: CardContext,
  tx: Tx,
  { subscription, wanted }: { readonly subscription: string; readonly wanted: Wanted },
): Promise<SwitchPreview> {
  const key = parseSubscriptionId(subscription);
  // Whoever goes on to write a consent holds the customer first, as STOP does.
  await lockCustomers(tx, [key.customerId]);
  await lockBothWays(tx, [key]);
  const [row] = await lockSubscriptions(tx, [key]);
  if (!row) throw fail('subscription_unknown', `There is no subscription ${subscription}.`);
  const verdict = await judgeSwitch(context, tx, { row, wanted });
  if (verdict.verdict === 'refused') return { possible: false, reason: verdict.reason };
  const { plan, startsAt } = verdict;
  const common = {
    ...{ possible: true as const, plan: await codeOf(context, tx, row), startsAt },
    ...{ serviceId: plan.serviceId, version: plan.price.version, msisdn: row.msisdn },
    ...{ timeZone: plan.timeZone, closesBill: row.bill_period !== null },
  };
  if (verdict.verdict === 'to_phone') {
    const { currency, operator, period, priceMinor } = verdict.terms;
    const offer = { title: plan.title, priceMinor, currency, period };
    const closesBill = openBillOf(verdict.one) !== null;
    return { ...common, closesBill, by: operator, offer, firstMinor: priceMinor, card: undefined };
  }
  const { currency, interval, unitPriceMinor: priceMinor } = plan.price;
  const period = periodOfInterval(interval);
  const offer = { title: plan.title, priceMinor, currency, period };
  const firstMinor = await firstByCard(context, tx, { row, plan, startsAt });
  return { ...common, by: CARD, offer, firstMinor, card: verdict.card };
}

/** By the same rules as the bill will be written. */
async function firstByCard(
  context: CardContext,
  tx: Tx,
  about: { readonly row: BilledRow; readonly plan: Plan; readonly startsAt: Date },
): Promise<bigint> {
  const { plan, row, startsAt } = about;
  const key = { customerId: row.customer_id, id: row.id };
  const kept = await keptPeriod(context, tx, { row, endsAt: startsAt });
  const before = await findFormerPriced(tx, key);
  const subscription = pricedFromPhone(kept, { id: subscriptionId(key), plan, before });
  const request = { kind: 'renewal', subscription } as const;
  const result = quote({ request, at: subscription.period.endsAt, precision: plan.precision });
  return result.outcome === 'quoted' ? result.quote.dueMinor : plan.price.unitPriceMinor;
}
