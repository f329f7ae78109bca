import type { Ledger } from '#ledger';
import type { Log } from '#log';
import type { Metrics } from '#metrics';
import type { Operators } from '#operators';
import { createNotificationApplier } from './apply-notifications.ts';
import { createGatewayAsker } from './ask-gateways.ts';
import { createCardRecorders } from './card-recorders.ts';
import { createCardTeller } from './card-teller.ts';
import type { CardPaymentsOptions } from './create-card-payments.ts';
import { endOverdue } from './end-overdue.ts';
import { createLoop } from './loop.ts';
import type { NewsContext } from './news-context.ts';
import type { NotificationInbox } from './notification-inbox.ts';
import { carryOutOperations } from './operate-reservations.ts';

/** Applies what gateways have said, carries out what is asked of reservations, ends what is over. As many copies as wanted. */
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
  const loops = [
    createLoop(() => endOverdue({ ...options, context, asker }), INTERVAL_MS, log),
    createLoop(() => carryOutOperations({ ...options, context }), INTERVAL_MS, log),
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
