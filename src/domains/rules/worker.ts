import type { Clock } from '#clock';
import { type Database, isTransient } from '#database';
import type { Log } from '#log';
import type { Rules } from './create-rules.ts';
import { tidyRules } from './tidy-rules.ts';

/** What the rules do by themselves: they forget. */
export interface RulesWorker {
  start(): void;
  /** What is in hand is done first. */
  stop(): Promise<void>;
}

const INTERVAL_MS = 3_600_000;

export function createRulesWorker(options: {
  readonly rules: Pick<Rules, 'knowledge'>;
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Log;
}): RulesWorker {
  const { clock, database, log, rules } = options;
  let timer: NodeJS.Timeout | undefined;
  let working: Promise<void> | undefined;

  async function turn(): Promise<void> {
    try {
      await tidyRules({ database, clock, sets: rules.knowledge().sets });
    } catch (error) {
      if (!isTransient(error)) log.error({ err: error }, 'what is old could not be forgotten');
    }
  }

  return {
    start() {
      timer = setInterval(() => {
        working ??= turn().finally(() => {
          working = undefined;
        });
      }, INTERVAL_MS);
    },
    async stop() {
      clearInterval(timer);
      await working;
    },
  };
}
