/**
 * Business time: it decides what is due, windows, delays and ids, and enters SQL as a parameter.
 * Liveness (leases, throttles, breakers) is the database's `clock_timestamp()` and never this.
 */
export interface Clock {
  now(): Date;
  nowMs(): number;
}

export interface FakeClock extends Clock {
  set(to: Date): void;
  advanceMs(byMs: number): void;
}

export function createSystemClock(): Clock {
  return { now: () => new Date(), nowMs: () => Date.now() };
}

/** A clock that stands still until it is told to move. For tests within one process. */
export function createFakeClock(start: Date): FakeClock {
  let ms = start.getTime();
  return {
    now: () => new Date(ms),
    nowMs: () => ms,
    set: (to) => {
      ms = to.getTime();
    },
    advanceMs: (byMs) => {
      ms += byMs;
    },
  };
}
