import type { Sealer } from '#auth';
import { type Database, isTransient } from '#database';
import { AppError, messageOf } from '#errors';
import { applyNews } from './apply-news.ts';
import type { GatewayAsker } from './ask-gateways.ts';
import { createLoop } from './loop.ts';
import type { NewsContext } from './news-context.ts';
import { openHeard } from './notification-envelope.ts';
import {
  claimNotifications,
  closeNotification,
  findWaitingGateways,
  putOff,
  type SealedNotification,
} from './notification-store.ts';

export interface NotificationApplierOptions {
  readonly database: Database;
  readonly sealer: Sealer;
  readonly context: NewsContext;
  readonly asker: GatewayAsker;
  /** Told of operations that nobody had asked for. */
  readonly onStranger: (gateway: string) => void;
}

const LEASE_MS = 60_000;
/** Of one gateway at a time: one whose source does not answer holds up nobody else. */
const IN_HAND_MOST = 32;
const INTERVAL_MS = 250;
const AGAIN_FIRST_MS = 500;
const AGAIN_MOST_MS = 600_000;
/** By then two days have passed: people look at it. */
const TRIES_MOST = 300;
/** About a minute: what it is about may be on its way to us as well. The nightly comparison finds what comes later. */
const STRANGER_TRIES = 8;

/** Applies what gateways have said, in the order in which it came as far as that can be had. */
export function createNotificationApplier(options: NotificationApplierOptions) {
  const { database } = options;
  const inHand = new Map<string, number>();
  const working = new Set<Promise<void>>();
  const countOf = (gateway: string) => inHand.get(gateway) ?? 0;

  function begin(row: SealedNotification): void {
    inHand.set(row.gateway, countOf(row.gateway) + 1);
    const work = applyOne(options, row)
      .catch((error) => {
        // Its lease ends, and it is taken again.
        if (!isTransient(error))
          options.context.log.error({ err: error }, 'a notification was left');
      })
      .finally(() => {
        inHand.set(row.gateway, countOf(row.gateway) - 1);
        working.delete(work);
        if (countOf(row.gateway) === IN_HAND_MOST / 2 || working.size === 0) loop.wake();
      });
    working.add(work);
  }

  async function takeNext(): Promise<number> {
    let taken = 0;
    for (const gateway of await findWaitingGateways(database.pool)) {
      const most = IN_HAND_MOST - countOf(gateway);
      if (most <= 0) continue;
      const rows = await claimNotifications(database.pool, { gateway, leaseMs: LEASE_MS, most });
      rows.forEach(begin);
      taken += rows.length;
    }
    return taken;
  }

  const loop = createLoop(takeNext, INTERVAL_MS, options.context.log);
  return {
    start: loop.start,
    wake: loop.wake,
    async stop() {
      await loop.stop();
      await Promise.all(working);
    },
  };
}

async function applyOne(
  options: NotificationApplierOptions,
  row: SealedNotification,
): Promise<void> {
  const { asker, context, database, onStranger, sealer } = options;
  const { gateway, id, tries } = row;
  try {
    const { reading } = openHeard(sealer, row.sealed, gateway);
    const { isAhead, news } = await asker.read({ ...row, reading });
    const results = new Set<string>(isAhead ? ['unknown_order'] : []);
    for (const one of news) results.add(await applyNews(context, { gateway, news: one }));
    if (results.has('later')) return await again(options, row, 'what it is about is under way');
    const isStrange = results.has('unknown_order');
    if (isStrange && tries < STRANGER_TRIES)
      return await again(options, row, 'nothing that we asked for');
    const result = [...results].join(', ') || 'nothing new';
    await closeNotification(database.pool, {
      ...{ id, state: 'applied', result, now: context.clock.now() },
    });
    if (!isStrange) return;
    onStranger(gateway);
    context.log.error({ gateway, notification: id }, 'a gateway told of what nobody had asked for');
  } catch (error) {
    const isPassing =
      isTransient(error) || (error instanceof AppError && error.kind === 'unavailable');
    if (!isPassing)
      context.log.error({ err: error, notification: id }, 'a notification could not be applied');
    await again(options, row, messageOf(error));
  }
}

async function again(
  { context, database }: NotificationApplierOptions,
  { id, tries }: SealedNotification,
  result: string,
): Promise<void> {
  if (tries >= TRIES_MOST) {
    const failed = { id, state: 'failed', result, now: context.clock.now() } as const;
    return closeNotification(database.pool, failed);
  }
  const delayMs = Math.min(AGAIN_MOST_MS, AGAIN_FIRST_MS * 2 ** Math.min(tries - 1, 12));
  return putOff(database.pool, { id, delayMs, result });
}
