import { remainingShare } from './billed-period.ts';
import type { Moment } from './change-plan.ts';
import { type DraftResult, refuse } from './draft.ts';
import type { PricedSubscription } from './priced-subscription.ts';
import { creditLine } from './quote-line.ts';

/** An end, by choice of the subscriber. What comes by STOP, law or dispute asks for no quote. */
export interface CancelRequest {
  readonly kind: 'cancel';
  readonly subscription: PricedSubscription;
  readonly timing: 'now' | 'period_end';
  /** What becomes of the unused part when it ends now: to the card, to the balance, or nothing. */
  readonly unused: 'refund' | 'credit' | 'keep';
}

export function draftCancellation(
  { subscription, timing, unused }: CancelRequest,
  { at, precision }: Moment,
): DraftResult {
  const { anchor, line, pausedAt, period } = subscription;
  if (timing === 'period_end') {
    if (subscription.endsWithPeriod) return refuse('nothing_changes');
    if (subscription.phase === 'paused') return refuse('paused');
    return {
      ...{ outcome: 'drafted', lines: [], takesEffectAt: period.endsAt, unused: 'credit' },
      after: { ...subscription, endsWithPeriod: true, scheduled: undefined },
    };
  }
  // A paused one has stopped using its period when it was paused.
  const usedUntil = pausedAt ?? at;
  const { timeZone } = anchor;
  const share = remainingShare(period, usedUntil, { precision, timeZone, today: 'used' });
  const lines =
    line && unused !== 'keep' ? [creditLine(line, { period, from: usedUntil, share })] : [];
  return {
    ...{ outcome: 'drafted', lines, takesEffectAt: at, after: undefined },
    unused: unused === 'refund' ? 'refund' : 'credit',
  };
}
