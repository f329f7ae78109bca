/** What came of one call. */
export type Answer =
  | {
      readonly outcome: 'answered';
      readonly status: number;
      /** What the receiver asked for with `retry-after`. */
      readonly retryAfterMs?: number;
      /** The beginning of its body. */
      readonly response: string;
      readonly tookMs: number;
    }
  /** No answer: refused, reset, too slow, a forbidden address. */
  | { readonly outcome: 'failed'; readonly reason: string; readonly tookMs: number };

export interface Verdict {
  readonly state: 'delivered' | 'waiting' | 'dead';
  /** `delivered`, or why not. */
  readonly outcome: string;
  /** Where it waits: until when. */
  readonly nextAttemptAt: Date;
  /** What it says of the receiver: `down` counts for its breaker, `gone` ends it. */
  readonly receiver: 'up' | 'down' | 'gone';
}

export interface TriedDelivery {
  /** Attempts since it was enqueued or replayed, this one included. */
  readonly tries: number;
  readonly giveUpAt: Date;
}

const SECOND_MS = 1000;
const FIRST_RETRY_MS = 5 * SECOND_MS;
const RETRY_GROWTH = 3;
const RETRY_MOST_MS = 8 * 3_600 * SECOND_MS;
/** A tenth more or less, so that what failed together does not come back together. */
const JITTER = 0.2;
/** A receiver may ask for patience, but not for more than a day of it. */
const RETRY_AFTER_MOST_MS = 24 * 3_600 * SECOND_MS;
/** The statuses that say that the receiver, or what stands before it, has trouble; others are its answer. */
const TROUBLE: ReadonlySet<number> = new Set([408, 425, 429]);

/** Decides by the answer alone; `chance` is from 0 to 1. */
export function judgeAnswer(
  answer: Answer,
  delivery: TriedDelivery,
  options: { readonly now: Date; readonly chance: number },
): Verdict {
  const { now } = options;
  const failed = answer.outcome === 'failed';
  if (!failed && answer.status >= 200 && answer.status < 300) {
    return { state: 'delivered', outcome: 'delivered', nextAttemptAt: now, receiver: 'up' };
  }
  const outcome = failed ? answer.reason : `status_${answer.status}`;
  if (!failed && answer.status === 410) {
    return { state: 'dead', outcome: 'gone', nextAttemptAt: now, receiver: 'gone' };
  }
  const isDown = failed || answer.status >= 500 || TROUBLE.has(answer.status);
  const receiver = isDown ? 'down' : 'up';
  if (now >= delivery.giveUpAt) return { state: 'dead', outcome, nextAttemptAt: now, receiver };
  const asked = failed ? 0 : Math.min(answer.retryAfterMs ?? 0, RETRY_AFTER_MOST_MS);
  const delayMs = Math.max(asked, retryDelayMs(delivery.tries, options.chance));
  // The last attempt is made at the end of its time, not some hours before.
  const nextMs = Math.min(now.getTime() + delayMs, delivery.giveUpAt.getTime());
  return { state: 'waiting', outcome, nextAttemptAt: new Date(nextMs), receiver };
}

/** 5 s, 15 s, 45 s, 2 min, 7 min, 20 min, 1 h, 3 h, then every 8 h: some sixteen attempts in three days. */
export function retryDelayMs(tries: number, chance: number): number {
  const plainMs = Math.min(RETRY_MOST_MS, FIRST_RETRY_MS * RETRY_GROWTH ** (tries - 1));
  return Math.round(plainMs * (1 + JITTER * (chance - 0.5)));
}
