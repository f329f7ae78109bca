import { isTransient } from '#database';
import { FORGET_MOST, forgetParkedReports, matchParked, UNPARK_MOST } from './apply-reports.ts';
import { askProviders, QUESTIONS_MOST } from './ask-providers.ts';
import { CANCEL_MOST, cancelAtProviders } from './cancel-messages.ts';
import type { SmsContext } from './context.ts';
import type { SmsProvider } from './provider.ts';
import { WAKE_MOST, wakeDeferred } from './wake-deferred.ts';

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
const TIDY_EVERY = 600;
const STOP_PATIENCE_MS = 3500;

export function createClerk({ context, intervalMs = INTERVAL_MS, providers }: ClerkOptions): Clerk {
  const { log } = context;
  const stopping = new AbortController();
  const talks = new Map<string, Promise<void>>();
  let timer: NodeJS.Timeout | undefined;
  let turn: Promise<void> = Promise.resolve();
  let turns = 0;

  /** A full hand means that there is more: the next one at once. */
  async function step(name: string, full: number, work: () => Promise<number>): Promise<void> {
    try {
      while ((await work()) >= full && !stopping.signal.aborted);
    } catch (error) {
      if (!isTransient(error) && !stopping.signal.aborted)
        log.error({ err: error, step: name }, 'the clerk of sms stumbled');
    }
  }

  /** Each provider apart: one that does not answer must not hold up what is to be heard of the others. */
  function talk(): void {
    for (const provider of providers()) {
      if (talks.has(provider.name)) continue;
      const talking = (async () => {
        await step('ask', QUESTIONS_MOST, () => askProviders(context, [provider]));
        await step('cancel', CANCEL_MOST, () => cancelAtProviders(context, [provider]));
      })();
      talks.set(
        provider.name,
        talking.finally(() => talks.delete(provider.name)),
      );
    }
  }

  async function run(): Promise<void> {
    turns += 1;
    talk();
    await step('wake', WAKE_MOST, () => wakeDeferred(context));
    await step('match', UNPARK_MOST, () => matchParked(context));
    if (turns % TIDY_EVERY === 0)
      await step('forget', FORGET_MOST, () => forgetParkedReports(context));
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
      const patience = new Promise((done) => setTimeout(done, STOP_PATIENCE_MS).unref());
      await Promise.race([Promise.all(talks.values()), patience]);
    },
  };
}
