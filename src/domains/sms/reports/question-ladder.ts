import type { SmsRow } from '#sms/message-store';
import type { SmsCapabilities } from '#sms/provider';

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** After an answer that was lost: a person may be waiting for the message. */
const UNKNOWN_FIRST_MS = 5 * SECOND_MS;
/** Where statuses come only when asked for. */
const POLL_FIRST_MS = 15 * SECOND_MS;
/** Where they are pushed: a receipt may get lost on its way. */
const PUSHED_FIRST_MS = 15 * MINUTE_MS;
const LADDER_MS = [
  ...[15 * SECOND_MS, 30 * SECOND_MS, MINUTE_MS, 2 * MINUTE_MS, 5 * MINUTE_MS],
  ...[15 * MINUTE_MS, HOUR_MS, 3 * HOUR_MS, 6 * HOUR_MS],
];
/** Nothing is heard of a message that long after it was of use: then nothing will be. */
const GIVE_UP_AFTER_MS = 3 * DAY_MS;
/** A provider that was asked sooner may not have looked into its own queue yet. */
export const SETTLED_AFTER_MS = 2 * MINUTE_MS;

/** When a message is asked about first; null where nobody can be asked and nothing more is awaited. */
export function firstQuestion(
  capabilities: SmsCapabilities,
  {
    now,
    row,
    state,
  }: { readonly state: 'accepted' | 'unknown'; readonly now: Date; readonly row: SmsRow },
): Date | null {
  const after = (ms: number) => new Date(now.getTime() + ms);
  if (state === 'unknown')
    return capabilities.inquiry === 'byOurId' ? after(UNKNOWN_FIRST_MS) : null;
  if (!capabilities.status) return givesUpAt(row);
  return after(capabilities.receipts === 'poll' ? POLL_FIRST_MS : PUSHED_FIRST_MS);
}

/** When it is asked about next, after so many questions. */
export function nextQuestion(now: Date, questions: number): Date {
  const ms = LADDER_MS[Math.min(Math.max(questions - 1, 0), LADDER_MS.length - 1)] ?? HOUR_MS;
  return new Date(now.getTime() + ms);
}

export function givesUpAt(row: SmsRow): Date {
  return new Date((row.valid_until ?? row.expires_at).getTime() + GIVE_UP_AFTER_MS);
}
