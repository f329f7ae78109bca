import { isTransient } from '#database';
import type { Log } from '#log';

/** Turn after turn: at once while there is work, else after the interval; a turn that throws is one without work. */
export function repeatTurns(options: {
  /** Answers how much it did. */
  readonly turn: () => Promise<number>;
  readonly intervalMs: number;
  readonly log: Log;
  /** For the log. */
  readonly name: string;
}): { stop(): Promise<void> } {
  const { intervalMs, log, name, turn } = options;
  const stopping = new AbortController();
  const { signal } = stopping;
  const running = (async () => {
    while (!signal.aborted) {
      const done = await turn().catch((error) => {
        const level = isTransient(error) ? 'warn' : 'error';
        log[level]({ err: error }, `a turn of ${name} failed`);
        return 0;
      });
      if (done === 0) await pause(intervalMs, signal);
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
    signal.addEventListener('abort', done);
    if (signal.aborted) done();
  });
}
