import { isTransient } from '#database';
import { AppError, messageOf } from '#errors';
import type { Ledger } from '#ledger';
import type { Operators } from '#operators';
import { applyNews, type NewsContext, strangers } from './apply-news.ts';
import { createGatewayAsker } from './ask-gateways.ts';
import { createCardCharging } from './card-charging.ts';
import { createCardTeller } from './card-teller.ts';
import type { CardPaymentsOptions } from './create-card-payments.ts';
import { createLoop } from './loop.ts';
import type { NotificationInbox } from './notification-inbox.ts';
import {
  claimNotifications,
  closeNotification,
  type NotificationRow,
  putOff,
} from './notification-store.ts';
import { claimOverdue, endPresented } from './presented-store.ts';
import { createRecorder, type Recorder } from './record-outcomes.ts';
import { createSavedCards } from './saved-cards.ts';

/** Applies what gateways have said, and asks about pages whose time is over. As many copies as wanted. */
export interface CardWorker {
  start(): void;
  stop(): Promise<void>;
}

export interface CardWorkerOptions extends CardPaymentsOptions {
  readonly ledger: Ledger;
  readonly log: NewsContext['log'];
  readonly metrics: NewsContext['metrics'];
  readonly operators: Operators;
  /** Of this process: what it hears is applied at once, and not at the next look. */
  readonly inbox?: NotificationInbox;
}

const LEASE_MS = 60_000;
const MOST = 64;
const INTERVAL_MS = 250;
const OVERDUE_INTERVAL_MS = 1000;
const AGAIN_FIRST_MS = 500;
const AGAIN_MOST_MS = 600_000;
/** By then two days have passed: people look at it. */
const TRIES_MOST = 300;
const STRANGER_TRIES = 6;

export function createCardWorker(options: CardWorkerOptions): CardWorker {
  const { cardGateways, clock, database, inbox, log } = options;
  const teller = createCardTeller(options);
  const context: NewsContext = { ...options, recorderOf: createRecorders(options), teller };
  const asker = createGatewayAsker(options);

  async function apply(row: NotificationRow): Promise<void> {
    try {
      const results = new Set<string>();
      for (const news of await asker.read(row))
        results.add(await applyNews(context, { gateway: row.gateway, news }));
      if (results.has('later')) return await again(row, 'its payment is in somebody’s hand');
      // What it is about may be on its way to us as well: a refund can overtake its payment.
      if (results.has('unknown_order') && row.tries < STRANGER_TRIES)
        return await again(row, 'nothing that we asked for');
      if (results.has('unknown_order')) strangers(options.metrics).inc({ gateway: row.gateway });
      const result = [...results].join(', ') || 'nothing new';
      await closeNotification(database.pool, {
        ...{ id: row.id, state: 'applied', result, now: clock.now() },
      });
    } catch (error) {
      if (!isTransient(error))
        log.error({ err: error, notification: row.id }, 'a notification could not be applied');
      await again(row, messageOf(error));
    }
  }

  async function again(row: NotificationRow, result: string): Promise<void> {
    if (row.tries >= TRIES_MOST) {
      const failed = { id: row.id, state: 'failed', result, now: clock.now() } as const;
      return closeNotification(database.pool, failed);
    }
    const delayMs = Math.min(AGAIN_MOST_MS, AGAIN_FIRST_MS * 2 ** Math.min(row.tries - 1, 12));
    return putOff(database.pool, { id: row.id, delayMs, result });
  }

  /** A page whose time is over: its gateway has the last word, because its notification may be lost. */
  async function endOverdue(): Promise<number> {
    const rows = await claimOverdue(database.pool, {
      now: clock.now(),
      leaseMs: LEASE_MS,
      most: MOST,
    });
    await Promise.all(
      rows.map(async (row) => {
        for (const one of await asker.askAbout(row))
          await applyNews(context, { gateway: row.gateway, news: one });
        await database.transaction(async (tx) => {
          const key = { customerId: row.customer_id, id: row.id };
          const ended = await endPresented(tx, {
            ...{ ...key, now: clock.now(), step: 'expire', reason: 'not_paid' },
          });
          if (ended) await teller.end(tx, ended, row.gateway);
        });
      }),
    );
    return rows.length;
  }

  async function applyNext(): Promise<number> {
    const gateways = cardGateways.names();
    const rows = await claimNotifications(database.pool, {
      gateways,
      leaseMs: LEASE_MS,
      most: MOST,
    });
    // Side by side, but one after the other where they are of one payment: what each locks is its own.
    await Promise.all(rows.map(apply));
    return rows.length;
  }

  const loops = [
    createLoop(applyNext, INTERVAL_MS, log),
    createLoop(endOverdue, OVERDUE_INTERVAL_MS, log),
  ];
  let deafen: (() => void) | undefined;
  return {
    start() {
      deafen = inbox?.onHeard(() => loops[0]?.wake());
      for (const loop of loops) loop.start();
    },
    async stop() {
      deafen?.();
      await Promise.all(loops.map((loop) => loop.stop()));
    },
  };
}

/** One for each gateway, made when it is first needed. */
function createRecorders(options: CardWorkerOptions): (name: string) => Recorder {
  const { cardGateways, database } = options;
  const cards = createSavedCards(options);
  const recorders = new Map<string, Recorder>();
  return (name) => {
    const known = recorders.get(name);
    if (known) return known;
    const card = cardGateways.gateway(name);
    if (!card)
      throw new AppError('not_found', 'gateway_unknown', `No card gateway called ${name}.`);
    const gateway = createCardCharging({
      ...{ card, line: cardGateways.line(name) },
      tokenOf: (customerId, id) => cards.tokenOf(database.pool, customerId, id),
    });
    const made = createRecorder({ ...options, gateway, cards });
    recorders.set(name, made);
    return made;
  };
}
