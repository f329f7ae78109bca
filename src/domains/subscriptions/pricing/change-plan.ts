import { wallTime } from '#rules/local-time';
import { createAnchor, periodAt, reanchor } from './anchor.ts';
import { billedPeriod, type Precision, remainingShare } from './billed-period.ts';
import { type Draft, type DraftResult, type QuoteRefusal, refuse } from './draft.ts';
import { sameInterval } from './interval.ts';
import type { ChargedLine, PricedSubscription, Selection } from './priced-subscription.ts';
import { creditLine, planLine, trialLine, wholePeriodLines } from './quote-line.ts';
import type { Share } from './share.ts';
import { isQuantity, lineOf } from './start-and-renew.ts';

/** Another plan, version or quantity. */
export interface ChangeRequest {
  readonly kind: 'change';
  readonly subscription: PricedSubscription;
  readonly to: Selection;
  /**
   * By default what costs as much or more, and any other interval, holds now; what costs less holds from the next period on.
   */
  readonly timing?: 'now' | 'period_end';
}

export interface Moment {
  readonly at: Date;
  readonly precision: Precision;
}

export function draftChange(request: ChangeRequest, moment: Moment): DraftResult {
  const { subscription, to } = request;
  const reason = refusalOf(request, moment.at);
  if (reason) return refuse(reason);
  if (subscription.phase === 'trial') return changeTrial(request, moment.at);
  if ((request.timing ?? usualTiming(request)) === 'period_end') {
    const stays = isSame(subscription.selection, to);
    const after = { ...subscription, scheduled: stays ? undefined : to };
    return drafted({ lines: [], takesEffectAt: subscription.period.endsAt, after });
  }
  const { line } = subscription;
  if (!line) return refuse('period_unpaid');
  return sameInterval(to.price.interval, subscription.anchor.interval)
    ? changeWithin(request, line, moment)
    : changeInterval(request, line, moment);
}

function refusalOf(
  { subscription, to, timing }: ChangeRequest,
  at: Date,
): QuoteRefusal | undefined {
  const { endsWithPeriod, period, phase, scheduled, selection } = subscription;
  if (!isQuantity(to.quantity)) return 'quantity_invalid';
  if (to.price.currency !== selection.price.currency) return 'currency_differs';
  if (endsWithPeriod) return 'ending';
  if (phase === 'paused') return 'paused';
  if (phase === 'unpaid') return 'period_unpaid';
  if (at >= period.endsAt) return 'period_over';
  const same = isSame(selection, to) && (!scheduled || timing === 'now');
  return same || (scheduled && isSame(scheduled, to) && timing !== 'now')
    ? 'nothing_changes'
    : undefined;
}

function isSame(one: Selection, other: Selection): boolean {
  return (
    one.price.plan === other.price.plan &&
    one.price.version === other.price.version &&
    one.quantity === other.quantity
  );
}

function usualTiming({ subscription, to }: ChangeRequest): 'now' | 'period_end' {
  const { selection } = subscription;
  if (isSame(selection, to)) return 'period_end';
  if (!sameInterval(to.price.interval, subscription.anchor.interval)) return 'now';
  return listPrice(to) >= listPrice(selection) ? 'now' : 'period_end';
}

function listPrice({ price, quantity }: Selection): bigint {
  return price.unitPriceMinor * BigInt(quantity);
}

/** Nothing was charged yet, so nothing is: the trial goes on to its end, and the other plan begins there. */
function changeTrial({ subscription, to }: ChangeRequest, at: Date): Draft {
  const { anchor, period } = subscription;
  const { interval } = to.price;
  const next = sameInterval(interval, anchor.interval)
    ? anchor
    : createAnchor({ at: anchor.at, interval, timeZone: anchor.timeZone });
  return drafted({
    lines: [trialLine(to, period, at)],
    takesEffectAt: at,
    after: { ...subscription, anchor: next, selection: to, scheduled: undefined },
  });
}

/** The rest of the period at the old price is given back, the rest at the new one is asked for. */
function changeWithin(
  { subscription, to }: ChangeRequest,
  line: ChargedLine,
  moment: Moment,
): Draft {
  const { period } = subscription;
  const { from, share } = markOf(subscription, line, moment);
  const lines = [
    creditLine(line, { period, from, share }),
    planLine(to, { subscription, period, from, share }),
  ];
  const after = { ...subscription, selection: to, line: lineOf(lines), scheduled: undefined };
  return drafted({ lines, takesEffectAt: moment.at, after });
}

/** The period is cut here; a whole one of the new length begins, and is asked for. */
function changeInterval(
  { subscription, to }: ChangeRequest,
  line: ChargedLine,
  moment: Moment,
): Draft {
  const { from, share } = markOf(subscription, line, moment);
  const number = subscription.period.number + 1;
  const { interval } = to.price;
  const anchor = reanchor(subscription.anchor, { at: from, number, interval });
  const period = billedPeriod(periodAt(anchor, number));
  const credit = creditLine(line, { period: subscription.period, from, share });
  const lines = [credit, ...wholePeriodLines(to, subscription, period)];
  const after = { ...subscription, anchor, period, selection: to, scheduled: undefined };
  return drafted({ lines, takesEffectAt: moment.at, after: { ...after, line: lineOf(lines) } });
}

/**
 * Who changes again on the day on which his line began changes it as if from its beginning: so the changes of a day come to the same
 * as the one change from the first plan to the last, and no day is paid twice.
 */
function markOf(
  { anchor, period }: PricedSubscription,
  line: ChargedLine,
  { at, precision }: Moment,
): { readonly from: Date; readonly share: Share } {
  const { timeZone } = anchor;
  const dayOf = (instant: Date) => wallTime(timeZone, instant.getTime()).day;
  if (dayOf(line.from) === dayOf(at)) return { from: line.from, share: line.share };
  return { from: at, share: remainingShare(period, at, { precision, timeZone }) };
}

function drafted(draft: Pick<Draft, 'lines' | 'takesEffectAt' | 'after'>): Draft {
  return { outcome: 'drafted', unused: 'credit', ...draft };
}
