import type { Ledger } from '#ledger';
import type { Log } from '#log';
import type { Metrics } from '#metrics';
import type { Operators } from '#operators';
import type { CardPaymentsOptions } from '#payments/cards';
import { createCardTeller, type NewsContext } from '#payments/news';
import {
  askForReceipts,
  createGatewayAsker,
  createNotificationApplier,
  type NotificationInbox,
} from '#payments/notifications';
import { createTurns } from '#turns';
import { createCardRecorders } from './card-recorders.ts';
import { endOverdue } from './end-overdue.ts';
import { carryOutOperations } from './operate-reservations.ts';

/** Applies what gateways have said, carries out what is asked of reservations, ends what is over, asks for receipts. As many copies as wanted. */
export interface CardWorker {
  start(): void;
  stop(): Promise<void>;
}

export interface CardWorkerOptions extends CardPaymentsOptions {
  readonly ledger: Ledger;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly operators: Operators;
  /** Of this process: what it hears is applied at once, and not at the next look. */
  readonly inbox?: NotificationInbox;
}

const INTERVAL_MS = 1000;

export function createCardWorker(options: CardWorkerOptions): CardWorker {
  const { inbox, log } = options;
  const context = createNewsContext(options);
  const asker = createGatewayAsker(options);
  const strangers = options.metrics.counter(
    'kopek_card_strangers_total',
    'Operations that gateways told of and nobody had asked for',
    ['gateway'] as const,
  );
  const applier = createNotificationApplier({
    ...{ ...options, context, asker },
    onStranger: (gateway) => strangers.inc({ gateway }),
  });
  const often = { intervalMs: INTERVAL_MS, log };
  const loops = [
    createTurns({
      ...{ ...often, name: 'pages that are over' },
      turn: () => endOverdue({ ...options, context, asker }),
    }),
    createTurns({
      ...{ ...often, name: 'fiscal receipts' },
      turn: () => askForReceipts({ ...options, context }),
    }),
    createTurns({
      ...{ ...often, name: 'what is asked of reservations' },
      turn: () => carryOutOperations({ ...options, context }),
    }),
  ];
  let deafen: (() => void) | undefined;
  return {
    start() {
      deafen = inbox?.onHeard(applier.wake);
      applier.start();
      for (const loop of loops) loop.start();
    },
    async stop() {
      deafen?.();
      await Promise.all([applier.stop(), ...loops.map((loop) => loop.stop())]);
    },
  };
}

/** What applying news needs. */
export function createNewsContext(options: CardWorkerOptions): NewsContext {
  const { clock, database, ids, ledger, log } = options;
  return {
    ...{ clock, database, ids, ledger, log },
    ...{ recorderOf: createCardRecorders(options), teller: createCardTeller(options) },
  };
}
