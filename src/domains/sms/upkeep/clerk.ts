import { isTransient } from '#database';
import type { SmsContext } from '#sms/context';
import type { SmsProvider } from '#sms/provider';
import { askProviders, forgetParkedReports, matchParked, QUESTIONS_MOST } from '#sms/reports';
import { cancelAtProviders } from './cancel-messages.ts';
import { expireWaiting } from './expire-waiting.ts';
import { tidyMessages } from './tidy-messages.ts';
import { wakeDeferred } from './wake-deferred.ts';

/** What has to be done for messages by the clock: waking, asking, matching, taking back. Copies share the work. */
export interface Clerk {
  start(): void;
  /** Waits for what is under way, and no longer than a moment: whatever is cut off is taken up by the next question. */
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
/** A house stops within five seconds, whatever a provider that is asked takes. */
const STOP_PATIENCE_MS = 3500;
const TIDY_EVERY = 600;
/** All that stands before providers is looked through for it. */
const EXPIRE_EVERY = 20;

export function createClerk({ context, intervalMs = INTERVAL_MS, providers }: ClerkOptions): Clerk {
  const { log } = context;
  const stopping = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  let turn: Promise<void> = Promise.resolve();
  const talks = new Map<string, Promise<void>>();
  let turns = 0;
  let tidying = false;

  async function step(name: string, work: () => Promise<number>, full = FULL): Promise<void> {
    if (stopping.signal.aborted) return;
    try {
      // A full hand means that there is more: the next one at once.
      while ((await work()) >= full && !stopping.signal.aborted);
    } catch (error) {
      if (!isTransient(error)) log.error({ err: error, step: name }, 'the clerk of sms stumbled');
    }
  }

  async function run(): Promise<void> {
    turns += 1;
    await step('wake', () => wakeDeferred(context));
    await step('match', () => matchParked(context));
    for (const provider of providers())
      if (!talks.has(provider.name))
        talks.set(
          provider.name,
          talkTo(provider).finally(() => talks.delete(provider.name)),
        );
    if (turns % EXPIRE_EVERY === 0) await step('expire', () => expireWaiting(context));
    if (turns % TIDY_EVERY === 0) {
      await step('match', () => matchParked(context, { all: true }));
      await step('forget', () => forgetParkedReports(context));
      tidying = true;
    }
    // A handful each turn, so that what is urgent never waits for it.
    if (tidying)
      await step('tidy', async () => {
        tidying = await tidyMessages(context);
        return 0;
      });
  }

  /** Each by itself: one that takes its time holds up neither the others nor what is due. */
  async function talkTo(provider: SmsProvider): Promise<void> {
    await step('ask', () => askProviders(context, [provider]), QUESTIONS_MOST);
    await step('cancel', async () => {
      await cancelAtProviders(context, [provider]);
      return 0;
    });
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
      const patience = Promise.withResolvers<void>();
      const end = setTimeout(patience.resolve, STOP_PATIENCE_MS);
      await Promise.race([turn.then(() => Promise.all(talks.values())), patience.promise]);
      clearTimeout(end);
    },
  };
}
