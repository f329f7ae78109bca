import { isTransient } from '#database';
import { forgetParkedReports, matchParked } from './apply-reports.ts';
import { askProviders } from './ask-providers.ts';
import { cancelAtProviders } from './cancel-messages.ts';
import type { SmsContext } from './context.ts';
import type { SmsProvider } from './provider.ts';
import { wakeDeferred } from './wake-deferred.ts';

/** What has to be done for messages by the clock: waking, asking, matching, taking back. Copies share the work. */
export interface Clerk {
  start(): void;
  stop(): Promise<void>;
}

export interface ClerkOptions {
  readonly context: SmsContext;
  /** Those that this process talks to; they are asked from here. */
  readonly providers: () => readonly SmsProvider[];
  readonly intervalMs?: number;
}

const INTERVAL_MS = 500;
const FULL = 500;
const TIDY_EVERY = 600;

export function createClerk({ context, intervalMs = INTERVAL_MS, providers }: ClerkOptions): Clerk {
  const { log } = context;
  const stopping = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  let turn: Promise<void> = Promise.resolve();
  let turns = 0;

  async function step(name: string, work: () => Promise<number>): Promise<void> {
    try {
      // A full hand means that there is more: the next one at once.
      while ((await work()) >= FULL && !stopping.signal.aborted);
    } catch (error) {
      if (!isTransient(error)) log.error({ err: error, step: name }, 'the clerk of sms stumbled');
    }
  }

  async function run(): Promise<void> {
    turns += 1;
    await step('wake', () => wakeDeferred(context));
    await step('match', () => matchParked(context));
    await step('ask', () => askProviders(context, providers()));
    await step('cancel', async () => {
      await cancelAtProviders(context, providers());
      return 0;
    });
    if (turns % TIDY_EVERY === 0) await step('forget', () => forgetParkedReports(context));
  }

  function next(): void {
    if (stopping.signal.aborted) return;
    timer = setTimeout(() => {
      turn = run().finally(next);
    }, intervalMs);
  }

  return {
    start: next,
    async stop() {
      stopping.abort();
      clearTimeout(timer);
      await turn;
    },
  };
}
