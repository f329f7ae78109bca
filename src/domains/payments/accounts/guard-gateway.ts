import type { CardAnswer, CardGateway } from '#payments/card-gateway';
import type { Heard, SharedBreaker } from './shared-breaker.ts';

export interface GuardOptions {
  readonly breaker: SharedBreaker;
  /** False while the account takes no new payment. */
  readonly isOn: () => boolean;
  /** Told of each call that was made. */
  readonly observe: (call: GuardedCall, outcome: string, tookMs: number) => void;
}

const guardedCalls = [
  ...(['present', 'chargeCryptogram', 'completeAuthentication', 'chargeSaved'] as const),
  ...(['confirm', 'void', 'refund', 'inquire'] as const),
];
export type GuardedCall = (typeof guardedCalls)[number];

/** Those that begin a payment. What has begun is brought to its end, and given back, also where the account is switched off. */
const beginning: ReadonlySet<GuardedCall> = new Set(['present', 'chargeCryptogram', 'chargeSaved']);

/** Beside the call itself: a trial is over by then, or its copy is gone. */
const TRIAL_MARGIN_MS = 5000;

type Answer = CardAnswer<{ readonly outcome: string; readonly reason?: string }>;

/**
 * The gateway behind its breaker: while that is open every call that would move money, or ask about it, is `not_sent` without
 * leaving, and what the others come to is told to the breaker. While its account is switched off no payment begins. Lists, notifications and their replies go straight on.
 */
export function guardGateway(gateway: CardGateway, options: GuardOptions): CardGateway {
  const guarded = Object.fromEntries(
    guardedCalls.map((call) => [call, guard(gateway, call, options)]),
  );
  return Object.assign(Object.create(gateway) as CardGateway, guarded);
}

function guard(gateway: CardGateway, call: GuardedCall, { breaker, isOn, observe }: GuardOptions) {
  const made = gateway[call].bind(gateway) as (...given: readonly unknown[]) => Promise<Answer>;
  return async (...given: readonly unknown[]): Promise<Answer> => {
    if (beginning.has(call) && !isOn()) return notSent('account_off');
    const permit = await breaker.begin(gateway.longestMs() + TRIAL_MARGIN_MS);
    if (!permit) return notSent('breaker_open');
    const beganMs = performance.now();
    try {
      const answer = await made(...given);
      const { outcome, reason = outcome } = answer.result;
      observe(call, outcome, performance.now() - beganMs);
      await breaker.end(permit, judge(answer), reason);
      return answer;
    } catch (error) {
      // A mistake of the adapter's: it must not hold the trial for as long as that lasts.
      await breaker.end(permit, 'nothing', 'thrown');
      throw error;
    }
  };
}

const notSent = (reason: string): Answer => ({ result: { outcome: 'not_sent', reason }, log: [] });

/** One that declines a card is in good health. What was declined without a word to anybody (a lacking capability) is no sign. */
function judge({ log, result }: Answer): Heard {
  if (result.outcome === 'unknown' || result.outcome === 'not_sent') return 'ill';
  return result.outcome === 'declined' && log.length === 0 ? 'nothing' : 'well';
}
