import { isTransient } from '#database';
import type { Log } from '#log';

export interface TurnsOptions {
  /**
   * Answers how much it did; `away`: whoever it needs does not answer at all. One that throws has done nothing, and is logged. The signal
   * says that the turns are to stop.
   */
  readonly turn: (signal: AbortSignal) => Promise<number | 'away'>;
  /** How long it rests after a turn that found nothing to do. */
  readonly intervalMs: number;
  /** Behind turns that threw, or found nobody, it rests longer each time. Absent: no longer than ever. */
  readonly backoff?: { readonly firstMs: number; readonly mostMs: number };
  readonly log: Log;
  /** For the log. */
  readonly name: string;
}

/** Turn after turn: at once while there is work, else after the interval, or as soon as it is woken. */
export interface Turns {
  start(): void;
  /** There is something to do now: the next turn does not wait. */
  wake(): void;
  /** Begins no further turn, and resolves when the one under way has ended. */
  stop(): Promise<void>;
}

export function createTurns({ backoff, intervalMs, log, name, turn }: TurnsOptions): Turns {
  const stopping = new AbortController();
  const { signal } = stopping;
  let isWoken = false;
  let rouse = () => {};
  let running: Promise<void> | undefined;

  function rest(restMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, restMs);
      rouse = () => {
        clearTimeout(timer);
        resolve();
      };
      if (isWoken || signal.aborted) rouse();
    });
  }

  function restBehind(failures: number): number {
    if (!backoff) return intervalMs;
    return Math.max(intervalMs, Math.min(backoff.mostMs, backoff.firstMs * 2 ** (failures - 1)));
  }

  async function run(): Promise<void> {
    let failures = 0;
    while (!signal.aborted) {
      isWoken = false;
      const done = await turn(signal).catch((error): 'away' => {
        const level = isTransient(error) ? 'warn' : 'error';
        log[level]({ err: error }, `a turn of ${name} failed`);
        return 'away';
      });
      failures = done === 'away' ? failures + 1 : 0;
      if (done === 'away') await rest(restBehind(failures));
      else if (done === 0) await rest(intervalMs);
    }
  }

  return {
    start() {
      running ??= run();
    },
    wake() {
      isWoken = true;
      rouse();
    },
    async stop() {
      stopping.abort();
      rouse();
      await running;
    },
  };
}
