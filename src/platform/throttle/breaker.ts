/**
 * A circuit breaker: after several failures in a row nothing is sent for a while, then one trial decides.
 * It counts by itself and knows no clock of its own; whoever owns it shares its state between processes.
 */
export interface Breaker {
  state(nowMs: number): BreakerState;
  /** True when a call may be made now; in `half_open` only the first asker gets it. */
  admit(nowMs: number): boolean;
  succeeded(): void;
  /** Answers until when it is open if this failure opened it. */
  failed(nowMs: number): number | undefined;
  /** Another process opened it. */
  openUntil(untilMs: number): void;
}

export type BreakerState = 'closed' | 'open' | 'half_open';

export interface BreakerOptions {
  readonly failuresMax: number;
  readonly openMs: number;
  readonly openMostMs: number;
}

const DEFAULTS: BreakerOptions = { failuresMax: 10, openMs: 2000, openMostMs: 60_000 };

export function createBreaker(options: Partial<BreakerOptions> = {}): Breaker {
  const { failuresMax, openMs, openMostMs } = { ...DEFAULTS, ...options };
  let failures = 0;
  let untilMs = 0;
  let openings = 0;
  let trial = false;

  const state = (nowMs: number): BreakerState => {
    if (untilMs === 0) return 'closed';
    return nowMs < untilMs ? 'open' : 'half_open';
  };
  return {
    state,
    admit(nowMs) {
      const current = state(nowMs);
      if (current === 'closed') return true;
      if (current === 'open' || trial) return false;
      trial = true;
      return true;
    },
    succeeded() {
      failures = 0;
      untilMs = 0;
      openings = 0;
      trial = false;
    },
    failed(nowMs) {
      // Calls from before it opened fail one after the other: they say nothing new, and prolong nothing.
      if (!trial && state(nowMs) === 'open') return undefined;
      failures += 1;
      if (!trial && failures < failuresMax) return undefined;
      trial = false;
      untilMs = nowMs + Math.min(openMostMs, openMs * 2 ** openings);
      openings += 1;
      return untilMs;
    },
    openUntil(until) {
      if (until > untilMs) untilMs = until;
    },
  };
}
