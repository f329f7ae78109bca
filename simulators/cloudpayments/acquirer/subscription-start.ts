import { randomBytes } from 'node:crypto';
import { isFields } from '#simulators/kit';
import type { Acquirer } from './acquirer.ts';
import { parseAmount } from './amount.ts';
import { instructionsOf } from './instructions.ts';
import { type Interval, intervals, type Subscription, type Transaction } from './records.ts';
import { parseTime } from './times.ts';

/** When its next payment is: counted from the anchor, so that the 31st comes back after February. */
export function periodStart(
  { anchorMs, interval, period }: Pick<Subscription, 'anchorMs' | 'interval' | 'period'>,
  periods: number,
): number {
  const anchor = new Date(anchorMs);
  const steps = period * periods;
  if (interval !== 'Month') {
    return anchorMs + steps * (interval === 'Week' ? 7 : 1) * 86_400_000;
  }
  const month = new Date(anchorMs);
  month.setUTCDate(1);
  month.setUTCMonth(anchor.getUTCMonth() + steps);
  const days = new Date(Date.UTC(month.getUTCFullYear(), month.getUTCMonth() + 1, 0)).getUTCDate();
  month.setUTCDate(Math.min(anchor.getUTCDate(), days));
  return month.getTime();
}

export type SubscriptionTerms = Pick<
  Subscription,
  | 'site'
  | 'token'
  | 'accountId'
  | 'description'
  | 'email'
  | 'amountMinor'
  | 'currency'
  | 'requireConfirmation'
  | 'startMs'
  | 'interval'
  | 'period'
  | 'maxPeriods'
  | 'cultureName'
  | 'receipt'
>;

export function newSubscription(terms: SubscriptionTerms): Subscription {
  return {
    ...terms,
    id: `sc_${randomBytes(16).toString('hex')}`,
    ...{ status: 'Active', successful: 0, failed: 0, lastMs: null },
    ...{ nextMs: terms.startMs, anchorMs: terms.startMs, periods: 0 },
  };
}

/** A payment whose data ask for it (`{ cloudPayments: { recurrent: … } }`) begins a subscription. */
export function recurrentOf(
  acquirer: Acquirer,
  transaction: Transaction,
  token: string,
): { readonly transaction?: Transaction; readonly subscriptions?: readonly Subscription[] } {
  const wish = readWish(transaction.jsonData);
  if (wish === undefined || transaction.accountId === null) return {};
  const nowMs = acquirer.clock.now();
  const { interval, period } = wish;
  const startMs = wish.startMs ?? periodStart({ anchorMs: nowMs, interval, period }, 1);
  const { accountId, currency, email, site } = transaction;
  const subscription = newSubscription({
    ...{ site, token, accountId, email, currency, startMs, interval, period },
    description: transaction.description ?? '',
    amountMinor: wish.amountMinor ?? transaction.amountMinor,
    ...{ requireConfirmation: transaction.twoStage, maxPeriods: wish.maxPeriods },
    ...{ cultureName: transaction.cultureName, receipt: wish.receipt },
  });
  return {
    transaction: { ...transaction, subscriptionId: subscription.id },
    subscriptions: [subscription],
  };
}

function readWish(jsonData: string | null) {
  const { Recurrent, recurrent = Recurrent } = instructionsOf(jsonData);
  const wish = recurrent;
  if (!isFields(wish)) return undefined;
  const interval = intervals.find((each) => each === wish.interval);
  const period = Number(wish.period);
  if (interval === undefined || !Number.isInteger(period) || period < 1) return undefined;
  const maxPeriods = Number(wish.maxPeriods);
  return {
    ...{ interval: interval satisfies Interval, period, startMs: parseTime(wish.startDate) },
    amountMinor: parseAmount(wish.amount),
    maxPeriods: Number.isInteger(maxPeriods) && maxPeriods > 0 ? maxPeriods : null,
    receipt: wish.customerReceipt ?? wish.receipt ?? null,
  };
}
