import { isTransient } from '#database';
import type { Log } from '#log';

export interface TurnsOptions {
  /** Answers how much it did. One that throws has done nothing, and is logged. */
  readonly turn: () => Promise<number>;
  /** How long it rests after a turn that found nothing to do. */
  readonly intervalMs: number;
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

export function createTurns({ intervalMs, log, name, turn }: TurnsOptions): Turns {
  let isStopping = false;
  let isWoken = false;
  let rouse = () => {};
  let running: Promise<void> | undefined;

  function rest(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, intervalMs);
      rouse = () => {
        clearTimeout(timer);
        resolve();
      };
      if (isWoken || isStopping) rouse();
    });
  }

  async function run(): Promise<void> {
    while (!isStopping) {
      isWoken = false;
      const done = await turn().catch((error) => {
        const level = isTransient(error) ? 'warn' : 'error';
        log[level]({ err: error }, `a turn of ${name} failed`);
        return 0;
      });
      if (done === 0) await rest();
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
      isStopping = true;
      rouse();
      await running;
    },
  };
}
