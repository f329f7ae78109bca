import type { CardDeclineReason } from '#payments';
import type { LadderSteps } from './ladder.ts';
import { dayAt, momentOf } from './local-days.ts';
import type { NextAttempt } from './next-attempt.ts';
import type { DunningPolicy } from './policy.ts';

/**
 * Why it failed, as the subscriber is told it. There is no word for lost, stolen or suspected: whoever holds the phone may not be the
 * card's holder, and the networks forbid it.
 */
export type ToldReason = 'funds' | 'card' | 'authentication' | 'bank' | 'later';

export type DunningMessage =
  | { readonly message: 'charge_coming'; readonly chargeAt: Date }
  | {
      readonly message: 'charge_failed';
      readonly reason: ToldReason;
      /** What the link in it leads to; `none`: nothing need be done. */
      readonly asks: 'new_card' | 'authentication' | 'pay' | 'none';
      readonly retryAt?: Date;
    }
  | { readonly message: 'last_chance'; readonly before: 'hold' | 'end'; readonly until: Date }
  | { readonly message: 'held' }
  | { readonly message: 'recovered' }
  | { readonly message: 'ended' };

/** A message, and when it is due. */
export interface PlannedMessage {
  readonly at: Date;
  readonly text: DunningMessage;
}

const told: Readonly<Record<CardDeclineReason, ToldReason>> = {
  insufficient_funds: 'funds',
  limit_exceeded: 'funds',
  do_not_honor: 'bank',
  restricted_card: 'bank',
  lost_or_stolen: 'bank',
  fraud_suspected: 'bank',
  expired_card: 'card',
  invalid_card: 'card',
  invalid_cvv: 'card',
  unsupported_card: 'card',
  authentication_required: 'authentication',
  authentication_failed: 'authentication',
  consent_withdrawn: 'card',
  cancelled_by_customer: 'card',
  issuer_unavailable: 'later',
  gateway_error: 'later',
  terminal_limit: 'later',
  invalid_request: 'later',
};

export function toldReason(reason: CardDeclineReason): ToldReason {
  return told[reason];
}

/**
 * What is said after a decline, `lastTold` being what was told of this bill so far: nothing twice in a row, nothing while it is tried
 * again at once, and nothing where the subscriber can do nothing (he withdrew, a request of ours was wrong, an outcome is open).
 */
export function messageAfterDecline(
  reason: CardDeclineReason,
  next: NextAttempt,
  lastTold?: ToldReason,
): DunningMessage | undefined {
  if (next.next === 'retry' && next.because === 'technical') return undefined;
  if (next.next === 'stop' && next.why !== 'ladder_ended') return undefined;
  const word = told[reason];
  if (word === lastTold) return undefined;
  const failed = { message: 'charge_failed', reason: word } as const;
  if (next.next === 'ask') return { ...failed, asks: next.for };
  if (next.next === 'stop') return { ...failed, asks: 'pay' };
  return { ...failed, asks: word === 'later' ? 'none' : 'pay', retryAt: next.at };
}

/** Said when a bill is paid of which a failure was told. */
export function messageAfterPayment(lastTold: ToldReason | undefined): DunningMessage | undefined {
  return lastTold === undefined ? undefined : { message: 'recovered' };
}

/** What the steps of access say, whatever is tried meanwhile. Once the bill is paid, those that are not due yet fall away. */
export function ladderMessages(
  steps: LadderSteps,
  { policy, timeZone }: { readonly policy: DunningPolicy; readonly timeZone: string },
): readonly PlannedMessage[] {
  const dayBefore = (at: Date) =>
    momentOf(dayAt(at, timeZone) - 1, policy.hours.toMinute * MINUTE_MS, timeZone);
  return [
    {
      at: steps.lastChanceAt,
      text: { message: 'last_chance', before: 'hold', until: steps.holdAt },
    },
    { at: steps.holdAt, text: { message: 'held' } },
    // After the retry of that morning, which was the last.
    {
      at: dayBefore(steps.endAt),
      text: { message: 'last_chance', before: 'end', until: steps.endAt },
    },
    { at: steps.endAt, text: { message: 'ended' } },
  ];
}

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const LONG_DAYS = 300;
const USUAL_DAYS = 28;

/** The announcement of a charge, at the opening of the hours so many days before it; a charge of nothing has none. */
export function noticeOfCharge(
  charge: { readonly at: Date; readonly dueMinor: bigint; readonly periodDays: number },
  { policy, timeZone }: { readonly policy: DunningPolicy; readonly timeZone: string },
): PlannedMessage | undefined {
  if (charge.dueMinor === 0n) return undefined;
  const { long, short, usual } = policy.noticeDays;
  const { periodDays } = charge;
  const days = periodDays >= LONG_DAYS ? long : periodDays >= USUAL_DAYS ? usual : short;
  if (days === 0) return undefined;
  const opens = policy.hours.fromMinute * MINUTE_MS;
  const at = momentOf(dayAt(charge.at, timeZone) - days, opens, timeZone);
  return { at, text: { message: 'charge_coming', chargeAt: charge.at } };
}

export function periodDaysOf(period: { readonly start: Date; readonly end: Date }): number {
  return Math.round((period.end.getTime() - period.start.getTime()) / DAY_MS);
}
