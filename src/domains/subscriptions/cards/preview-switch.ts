import type { Tx } from '#database';
import { fail } from '#subscriptions/errors';
import { CARD } from '#subscriptions/sms-route';
import { lockCustomers, lockSubscriptions } from '#subscriptions/store';
import { parseSubscriptionId } from '#subscriptions/subscription';
import type { PricedOffer } from './attested-consent.ts';
import type { ChargedCard } from './card-case.ts';
import type { CardContext } from './card-context.ts';
import { codeOf, judgeSwitch, type Wanted } from './judge-switch.ts';
import { periodOfInterval } from './plan.ts';
import { lockBothWays } from './switch-store.ts';

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
  };
  if (verdict.verdict === 'to_phone') {
    const { currency, operator, period, priceMinor } = verdict.terms;
    const offer = { title: plan.title, priceMinor, currency, period };
    return { ...common, by: operator, offer, card: undefined };
  }
  const { currency, interval, unitPriceMinor: priceMinor } = plan.price;
  const period = periodOfInterval(interval);
  const offer = { title: plan.title, priceMinor, currency, period };
  return { ...common, by: CARD, offer, card: verdict.card };
}
