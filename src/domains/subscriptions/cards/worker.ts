import type { Consumer, Group } from '#bus';
import { isTransient } from '#database';
import { paymentResponses } from '#payments';
import { paymentCommands } from '#subscriptions/topics';
import { applyCommands } from './apply-commands.ts';
import type { CardContext } from './card-context.ts';
import { runDue } from './run-due.ts';
import { settleCards } from './settle-cards.ts';

/** `state-machine`: what it listens to, and its timer for what is due. As many copies as wanted. */
export interface CardSubscriptionWorker {
  start(): void;
  stop(): Promise<void>;
}

const GROUP = 'state-machine';
const SETTLING = { batchSize: 500, lingerMs: 15, concurrency: 2 };
const COMMANDS = { batchSize: 100, lingerMs: 5 };
const DUE_INTERVAL_MS = 250;

/** The groups of `state-machine`, to be declared before anyone publishes: of every card gateway there is. */
export function cardSubscriptionGroups(gateways: readonly string[]): readonly Group[] {
  const topics = [...gateways.map((gateway) => paymentResponses(gateway)), paymentCommands];
  return topics.map((topic) => ({ topic: topic as Group['topic'], name: GROUP }));
}

export function createCardSubscriptionWorker(context: CardContext): CardSubscriptionWorker {
  const { bus, payments } = context;
  let consumers: readonly Consumer[] = [];
  let due: { stop(): Promise<void> } | undefined;
  return {
    start() {
      const settling = payments.cards.gateways().map((gateway) =>
        bus.consume({ topic: paymentResponses(gateway), name: GROUP }, SETTLING, (tx, messages) =>
          settleCards(
            context,
            tx,
            messages.map(({ payload }) => payload),
          ),
        ),
      );
      const commands = bus.consume(
        { topic: paymentCommands, name: GROUP },
        COMMANDS,
        (tx, messages) =>
          applyCommands(
            context,
            tx,
            messages.map(({ payload }) => payload),
          ),
      );
      consumers = [...settling, commands];
      due = repeat(() => runDue(context), context);
    },
    async stop() {
      await due?.stop();
      await Promise.all(consumers.map((consumer) => consumer.stop()));
    },
  };
}

/** Works as long as there is work, then looks again after a moment. */
function repeat(work: () => Promise<number>, { log }: CardContext): { stop(): Promise<void> } {
  const stopping = new AbortController();
  const { signal } = stopping;
  const pause = () =>
    new Promise<void>((resolve) => {
      const timer = setTimeout(done, DUE_INTERVAL_MS);
      function done() {
        clearTimeout(timer);
        signal.removeEventListener('abort', done);
        resolve();
      }
      if (signal.aborted) done();
      else signal.addEventListener('abort', done);
    });
  const running = (async () => {
    while (!signal.aborted) {
      try {
        if ((await work()) === 0) await pause();
      } catch (error) {
        if (!isTransient(error)) log.error({ err: error }, 'what is due by card could not be done');
        await pause();
      }
    }
  })();
  return {
    async stop() {
      stopping.abort();
      await running;
    },
  };
}
