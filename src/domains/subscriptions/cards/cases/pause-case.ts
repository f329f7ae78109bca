import type { CardCase } from '#subscriptions/cards/card-case';
import { pauseEndsAt, resume } from '#subscriptions/pricing';
import { stepCase } from './end-case.ts';
import type { Work } from './work.ts';

/** Neither charged nor let in, until it is resumed or `until`. */
export function pauseCase(one: CardCase, days: number, work: Work): CardCase {
  const { now } = work;
  const plan = work.planOf(one);
  const priced = { ...one.priced, phase: 'paused' as const, pausedAt: now };
  const pausedUntil = pauseEndsAt(now, Math.min(days, plan.pauseDaysMost));
  const kept = work.keep({ ...stepCase(one, 'pause', now), priced, pausedUntil });
  work.tell.event(kept, plan, { event: 'paused' });
  work.tell.sms(kept, plan, { occasion: 'paused', fact: now.toISOString() });
  return kept;
}

/** The period goes on, and ends later by the time that was paused. */
export function resumeCase(one: CardCase, reason: string, work: Work): CardCase {
  const { now } = work;
  const plan = work.planOf(one);
  const { pausedAt = now, ...rest } = one.priced;
  const resumedAt = one.pausedUntil && one.pausedUntil < now ? one.pausedUntil : now;
  const maxDays = plan.pauseDaysMost;
  const times = resume(one.priced, { pausedAt, resumedAt, maxDays });
  const priced = { ...rest, phase: 'paid' as const, ...times };
  const kept = work.keep({
    ...{ ...stepCase(one, 'resume', now), priced, pausedUntil: null },
    paidUntil: times.period.endsAt,
  });
  work.tell.event(kept, plan, { event: 'resumed', reason });
  work.tell.sms(kept, plan, { occasion: 'resumed', fact: now.toISOString() });
  return kept;
}
