import type { Sealer } from '#auth';
import { type Database, isTransient } from '#database';
import { AppError, messageOf } from '#errors';
import { applyNews, type NewsContext } from '#payments/news';
import { createTurns } from '#turns';
import { applyTogether } from './apply-together.ts';
import type { GatewayAsker } from './ask-gateways.ts';
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
/** Of one gateway at a time, one by one: one whose source does not answer holds up nobody else. */
const IN_HAND_MOST = 32;
/** Where nearly all is plain news, which is applied together. */
const SET_MOST = 200;
const INTERVAL_MS = 250;
/** From so many on more will come at once. */
const MANY = 8;
const GATHER_MS = 80;
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
  const setMost = new Map<string, number>();
  /** Of these a set is being applied: the next one is what comes meanwhile. */
  const applying = new Set<string>();
  const working = new Set<Promise<void>>();
  const countOf = (gateway: string) => inHand.get(gateway) ?? 0;
  const handOver = (gateway: string, change: number) => {
    const before = countOf(gateway);
    const after = before + change;
    inHand.set(gateway, after);
    if (after === 0 || (before > IN_HAND_MOST / 2 && after <= IN_HAND_MOST / 2)) turns.wake();
  };

  function begin(gateway: string, rows: readonly SealedNotification[]): void {
    handOver(gateway, rows.length);
    const work = applyAll(gateway, rows).finally(() => working.delete(work));
    working.add(work);
  }

  async function applyAll(gateway: string, rows: readonly SealedNotification[]): Promise<void> {
    applying.add(gateway);
    const left = [...(await applyTogether(options, rows))];
    setMost.set(gateway, left.length * 2 > rows.length ? IN_HAND_MOST : SET_MOST);
    handOver(gateway, left.length - rows.length);
    const next = async () => {
      for (let row = left.shift(); row; row = left.shift()) {
        await applyAlone(options, row);
        handOver(gateway, -1);
      }
    };
    const hands = Array.from({ length: Math.min(IN_HAND_MOST, left.length) }, next);
    await Promise.all([letNextGather(gateway, rows.length), ...hands]);
  }

  async function letNextGather(gateway: string, size: number): Promise<void> {
    if (size >= MANY) await new Promise((resolve) => setTimeout(resolve, GATHER_MS));
    applying.delete(gateway);
    turns.wake();
  }

  async function takeNext(): Promise<number> {
    let taken = 0;
    for (const gateway of await findWaitingGateways(database.pool)) {
      const most = (setMost.get(gateway) ?? IN_HAND_MOST) - countOf(gateway);
      if (most <= 0 || applying.has(gateway)) continue;
      const rows = await claimNotifications(database.pool, { gateway, leaseMs: LEASE_MS, most });
      if (rows.length > 0) begin(gateway, rows);
      taken += rows.length;
    }
    return taken;
  }

  const turns = createTurns({
    ...{ turn: takeNext, intervalMs: INTERVAL_MS, log: options.context.log },
    name: 'gateways’ notifications',
  });
  return {
    start: turns.start,
    wake: turns.wake,
    async stop() {
      await turns.stop();
      await Promise.all(working);
    },
  };
}

async function applyAlone(
  options: NotificationApplierOptions,
  row: SealedNotification,
): Promise<void> {
  try {
    await applyOne(options, row);
  } catch (error) {
    // Its lease ends, and it is taken again.
    if (!isTransient(error)) options.context.log.error({ err: error }, 'a notification was left');
  }
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
  return putOff(database.pool, { ids: [id], delayMs, result });
}
