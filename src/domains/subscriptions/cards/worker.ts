import type { Consumer, Group } from '#bus';
import { paymentDisputes, paymentResponses } from '#payments';
import { paymentCommands } from '#subscriptions/topics';
import { createTurns } from '#turns';
import { applyCommands } from './apply-commands.ts';
import type { CardContext } from './card-context.ts';
import { endDisputed } from './end-disputed.ts';
import { runDue } from './run-due.ts';
import { runMoves } from './run-moves.ts';
import { runSwitches } from './run-switches.ts';
import { settleCards } from './settle-cards.ts';
import { stopMoves } from './stop-moves.ts';

/** `state-machine`: what it listens to, and its timer for what is due. As many copies as wanted. */
export interface CardSubscriptionWorker {
  start(): void;
  stop(): Promise<void>;
}

const GROUP = 'state-machine';
const SETTLING = { batchSize: 500, lingerMs: 30, concurrency: 2 };
const COMMANDS = { batchSize: 100, lingerMs: 5 };
const DUE_INTERVAL_MS = 250;
const RARE_INTERVAL_MS = 1000;

/** The groups of `state-machine`, to be declared before anyone publishes: of every card gateway there is. */
export function cardSubscriptionGroups(gateways: readonly string[]): readonly Group[] {
  const topics = [
    ...gateways.map((gateway) => paymentResponses(gateway)),
    ...[paymentCommands, paymentDisputes],
  ];
  return topics.map((topic) => ({ topic: topic as Group['topic'], name: GROUP }));
}

export function createCardSubscriptionWorker(context: CardContext): CardSubscriptionWorker {
  const { bus, payments } = context;
  const settling = new Map<string, Consumer>();
  const others: Consumer[] = [];

  /** Also those accounts that come while it runs. */
  async function listen(): Promise<number> {
    const fresh = payments.cards.gateways().filter((gateway) => !settling.has(gateway));
    if (fresh.length > 0) await bus.declare(cardSubscriptionGroups(fresh));
    for (const gateway of fresh) {
      const group = { topic: paymentResponses(gateway), name: GROUP };
      const consumer = bus.consume(group, SETTLING, (tx, messages) =>
        settleCards(
          context,
          tx,
          messages.map(({ payload }) => payload),
        ),
      );
      settling.set(gateway, consumer);
    }
    return 0;
  }

  const often = { intervalMs: DUE_INTERVAL_MS, log: context.log };
  const rare = { ...often, intervalMs: RARE_INTERVAL_MS };
  const loops = [
    createTurns({ ...often, turn: listen, name: 'the look for card gateways' }),
    createTurns({ ...often, turn: () => runDue(context), name: 'what is due by card' }),
    createTurns({ ...rare, turn: () => runSwitches(context), name: 'switches that have a card' }),
    createTurns({ ...rare, turn: () => runMoves(context), name: 'moves to newer versions' }),
    createTurns({ ...rare, turn: () => stopMoves(context), name: 'moves that are stopped' }),
  ];
  return {
    start() {
      others.push(
        bus.consume({ topic: paymentCommands, name: GROUP }, COMMANDS, (tx, messages) =>
          applyCommands(
            context,
            tx,
            messages.map(({ payload }) => payload),
          ),
        ),
        bus.consume({ topic: paymentDisputes, name: GROUP }, COMMANDS, (tx, messages) =>
          endDisputed(
            context,
            tx,
            messages.map(({ payload }) => payload),
          ),
        ),
      );
      for (const loop of loops) loop.start();
    },
    async stop() {
      await Promise.all(loops.map((loop) => loop.stop()));
      await Promise.all([...others, ...settling.values()].map((consumer) => consumer.stop()));
    },
  };
}
