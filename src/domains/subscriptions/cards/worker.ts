import type { Consumer, Group } from '#bus';
import { createResponseHearing, paymentDisputes, responseGroups } from '#payments';
import { paymentCommands } from '#subscriptions/topics';
import { createTurns } from '#turns';
import { applyCommands } from './apply-commands.ts';
import type { CardContext } from './card-context.ts';
import { endDisputed, runDue, settleCards } from './due/index.ts';
import { runMoves, stopMoves } from './moves/index.ts';
import { runSwitches } from './switching/index.ts';

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
  const own = [paymentCommands, paymentDisputes].map((topic) => ({ topic, name: GROUP }));
  return [...responseGroups(GROUP, gateways), ...own] as readonly Group[];
}

export function createCardSubscriptionWorker(context: CardContext): CardSubscriptionWorker {
  const { bus, payments } = context;
  const others: Consumer[] = [];
  const hearing = createResponseHearing({
    ...{ bus, log: context.log, gateways: payments.cards.gateways, group: GROUP },
    consuming: SETTLING,
    handle: (tx, responses) => settleCards(context, tx, responses),
  });
  const often = { intervalMs: DUE_INTERVAL_MS, log: context.log };
  const rare = { ...often, intervalMs: RARE_INTERVAL_MS };
  const loops = [
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
      for (const one of [hearing, ...loops]) one.start();
    },
    async stop() {
      await Promise.all([hearing, ...loops].map((one) => one.stop()));
      await Promise.all(others.map((consumer) => consumer.stop()));
    },
  };
}
