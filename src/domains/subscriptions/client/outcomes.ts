import type { Tone } from '#subscriptions/pages';
import type { Speech } from '#subscriptions/speech';

/** What came of what somebody has asked for. */
export interface CommandOutcome {
  readonly outcome: string;
  readonly reason: string;
}

export function sayOutcome(
  speech: Speech,
  outcome: CommandOutcome | undefined,
): readonly [Tone, string] {
  if (!outcome) return ['info', speech.say('asked.waiting')];
  const { reason } = outcome;
  return outcome.outcome === 'done'
    ? ['ok', speech.sayWord('done', reason, 'done.else')]
    : ['warn', sayNotDone(speech, reason)];
}

/** Why something that was asked for, or looked at, is not to be had. */
export function sayNotDone(speech: Speech, reason: string): string {
  return speech.sayWord('not_done', reason, 'not_done.else');
}

export function sayRefusedQuote(speech: Speech, reason: string): string {
  return speech.sayWord('no_quote', reason, 'no_quote.else');
}
