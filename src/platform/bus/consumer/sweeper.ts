import { suspectTheHeld } from '#bus/store';
import type { Clock } from '#clock';
import { type Database, isTransient } from '#database';
import type { Log } from '#log';

/** Looks for consumers that died, of this process's queues, every second: what they held may have killed them. */
export interface Sweeper {
  /** From now on also `queue`. Resolves when it has been looked through once. */
  watch(queue: number): Promise<void>;
  /** Resolves when all of them were looked through once more. */
  search(): Promise<void>;
  close(): Promise<void>;
}

const INTERVAL_MS = 1000;

export function createSweeper(input: {
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Log;
}): Sweeper {
  const { database, clock, log } = input;
  const queues = new Set<number>();
  let last: Promise<void> = Promise.resolve();
  let waiting = 0;

  function sweep(): Promise<void> {
    waiting += 1;
    last = last.then(search).finally(() => {
      waiting -= 1;
    });
    return last;
  }

  async function search(): Promise<void> {
    if (queues.size === 0) return;
    try {
      const found = await database.transaction((tx) =>
        suspectTheHeld(tx, { queues: [...queues], now: clock.now() }),
      );
      if (found.suspects > 0) log.warn(found, 'messages of a consumer that died run one by one');
      if (found.buried > 0) log.error(found, 'messages that killed their consumers are dead now');
    } catch (error) {
      if (!isTransient(error)) log.error({ err: error }, 'the search for dead consumers failed');
    }
  }

  const timer = setInterval(() => {
    if (waiting === 0) void sweep();
  }, INTERVAL_MS).unref();

  return {
    watch(queue) {
      queues.add(queue);
      return sweep();
    },
    search: sweep,
    async close() {
      clearInterval(timer);
      await last;
    },
  };
}
