import type { Tone } from '#subscriptions/pages';

/** What came of what somebody has asked for. */
export interface CommandOutcome {
  readonly outcome: string;
  readonly reason: string;
}

const DONE: Readonly<Record<string, string>> = {
  ends_with_period: 'Done: it ends with the period that is paid, and nothing more is charged.',
  cancelled: 'Done: your subscription has ended, and nothing more is charged for it.',
  cancelled_with_refund:
    'Done: your subscription has ended, and the money is on its way back to your card.',
  charging: 'Your card is being charged. You see here what comes of it.',
  changed: 'Done: your plan has changed.',
  planned: 'Done: your plan changes at the end of the period that is paid.',
  paused: 'Done: your subscription is paused.',
  resumed: 'Done: your subscription goes on.',
  kept: 'Done: your subscription goes on as before.',
};

const REFUSED: Readonly<Record<string, string>> = {
  ended: 'Your subscription had ended already. Nothing was changed.',
  quote_stale:
    'Something has changed since the price was shown. Nothing was changed: look at it again.',
  quote_expired: 'The price was shown too long ago. Nothing was changed: look at it again.',
  terms_outdated: 'The price of that plan has changed. Nothing was changed: look at it again.',
  payment_under_way: 'A payment is under way. Ask again when it has ended.',
  bill_open: 'A payment is still open. Pay it first, then ask again.',
  nothing_owed: 'Nothing is owed. Nothing was charged.',
  no_card: 'There is no card to charge. Enter one first.',
  card_may_not_be_tried_now:
    'Your bank wants this card to be left alone for now. Try again later, or enter another card.',
  not_to_be_paused: 'This plan can’t be paused.',
  nothing_to_resume: 'There was nothing to go on with.',
  nothing_changes: 'It was like this already. Nothing was changed.',
};

export function sayOutcome(outcome: CommandOutcome | undefined): readonly [Tone, string] {
  if (!outcome) return ['info', 'Asked. One moment: this page looks again by itself.'];
  const { reason } = outcome;
  if (outcome.outcome === 'done') return ['ok', DONE[reason] ?? 'Done.'];
  return ['warn', REFUSED[reason] ?? 'This is not possible now. Nothing was changed.'];
}

const REFUSED_QUOTES: Readonly<Record<string, string>> = {
  nothing_changes: 'This is the plan that you have.',
  ending: 'Your subscription is about to end. Keep it first, then change the plan.',
  paused: 'Your subscription is paused. Go on with it first.',
  period_unpaid: 'A payment is still open. Pay it first.',
  period_over: 'The next period is being charged. Try again in a moment.',
  currency_differs: 'That plan is paid in another currency.',
};

export function sayRefusedQuote(reason: string): string {
  return REFUSED_QUOTES[reason] ?? 'This is not possible now.';
}
