import { createAnchor, periodAt, reanchor } from './anchor.ts';
import { billedPeriod, startTrial } from './billed-period.ts';
import type { AppliedCoupon } from './coupon.ts';
import { type DraftResult, refuse } from './draft.ts';
import { sameInterval } from './interval.ts';
import { QUANTITY_MOST } from './price.ts';
import type { PricedSubscription, Selection } from './priced-subscription.ts';
import { chargedLine, type QuoteLine, trialLine, wholePeriodLines } from './quote-line.ts';

/** A new subscription, with a trial or at once. */
export interface StartRequest {
  readonly kind: 'start';
  readonly id: string;
  readonly selection: Selection;
  readonly timeZone: string;
  /** 0: without a trial. */
  readonly trialDays: number;
  readonly coupons: readonly AppliedCoupon[];
  readonly balanceMinor: bigint;
}

/** The next period of one that goes on. */
export interface RenewalRequest {
  readonly kind: 'renewal';
  readonly subscription: PricedSubscription;
}

export function isQuantity(quantity: number): boolean {
  return Number.isInteger(quantity) && quantity >= 1 && quantity <= QUANTITY_MOST;
}

export function draftStart(request: StartRequest, at: Date): DraftResult {
  const { coupons, selection, timeZone, trialDays } = request;
  const { interval } = selection.price;
  if (!isQuantity(selection.quantity)) return refuse('quantity_invalid');
  const base = {
    ...{ id: request.id, selection, coupons, balanceMinor: request.balanceMinor },
    ...{ endsWithPeriod: false, payments: [] },
  };
  if (trialDays > 0) {
    const { anchor, trial } = startTrial(at, { days: trialDays, interval, timeZone });
    return {
      ...{ outcome: 'drafted', takesEffectAt: at, unused: 'credit' },
      lines: [trialLine(selection, trial, at)],
      after: { ...base, anchor, period: trial, phase: 'trial' },
    };
  }
  const anchor = createAnchor({ at, interval, timeZone });
  const period = billedPeriod(periodAt(anchor, 0));
  const lines = wholePeriodLines(selection, base, period);
  return {
    ...{ outcome: 'drafted', lines, takesEffectAt: at, unused: 'credit' },
    after: { ...base, anchor, period, phase: 'paid', line: lineOf(lines) },
  };
}

/** The period after the current one, at whatever moment it is asked: what is scheduled holds from it on. */
export function draftRenewal({ subscription }: RenewalRequest): DraftResult {
  if (subscription.endsWithPeriod) return refuse('ending');
  if (subscription.phase === 'paused') return refuse('paused');
  const selection = subscription.scheduled ?? subscription.selection;
  const { endsAt, number } = subscription.period;
  const { interval } = selection.price;
  const anchor = sameInterval(interval, subscription.anchor.interval)
    ? subscription.anchor
    : reanchor(subscription.anchor, { at: endsAt, number: number + 1, interval });
  const period = billedPeriod(periodAt(anchor, number + 1));
  const lines = wholePeriodLines(selection, subscription, period);
  return {
    ...{ outcome: 'drafted', lines, takesEffectAt: period.start, unused: 'credit' },
    after: {
      ...subscription,
      ...{ anchor, period, selection, phase: 'paid', line: lineOf(lines) },
      ...{ scheduled: undefined, payments: [] },
    },
  };
}

export function lineOf(lines: readonly QuoteLine[]) {
  const plan = lines.find(({ kind }) => kind === 'plan');
  return plan && chargedLine(plan);
}
