import { isTransient } from '#database';
import type { Log } from '#log';

/** What a gate did in one turn. */
export interface Turn {
  /** There may be more to do: the next turn begins at once. */
  readonly full: boolean;
  /** The other side did not answer at all: the next turn waits, longer each time. */
  readonly away: boolean;
}

export interface Repeated {
  /** Begins no further turn, and resolves when the one under way has ended. */
  stop(): Promise<void>;
}

const BACKOFF_FIRST_MS = 1000;
const BACKOFF_MOST_MS = 30_000;

/** Turn after turn: at once while there is more, else after the interval; after a turn that throws, after a while. */
export function repeatTurns(options: {
  readonly turn: (signal: AbortSignal) => Promise<Turn>;
  readonly intervalMs: number;
  readonly log: Log;
  /** For the log. */
  readonly name: string;
}): Repeated {
  const { intervalMs, log, name, turn } = options;
  const stopping = new AbortController();
  const { signal } = stopping;
  const running = (async () => {
    let awayTurns = 0;
    while (!signal.aborted) {
      const { away, full } = await turn(signal).catch((error): Turn => {
        const level = isTransient(error) ? 'warn' : 'error';
        log[level]({ err: error }, `a turn of ${name} failed`);
        return { full: false, away: true };
      });
      awayTurns = away ? awayTurns + 1 : 0;
      const backoffMs = Math.min(BACKOFF_MOST_MS, BACKOFF_FIRST_MS * 2 ** (awayTurns - 1));
      if (away) await pause(Math.max(intervalMs, backoffMs), signal);
      else if (!full) await pause(intervalMs, signal);
    }
  })();
  return {
    async stop() {
      stopping.abort();
      await running;
    },
  };
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms);
    function done() {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    }
    if (signal.aborted) done();
    else signal.addEventListener('abort', done);
  });
}
