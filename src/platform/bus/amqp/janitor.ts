import type { BusCore } from '#bus/core';
import type { QueueRow } from '#bus/store';
import { isTransient } from '#database';
import { forgetTaken } from './store.ts';

const INTERVAL_MS = 600_000;
/**
 * A broker may deliver a message again until it has our acknowledgement, and a relay may send it again until its row
 * is gone. RabbitMQ closes a channel that holds one unacknowledged for half an hour.
 */
const KEPT_HOURS = 24;
const AT_ONCE_MAX = 10_000;

/**
 * Forgets what was taken long ago: only while the consumer has nothing in hand and the broker has nothing more to send,
 * because then no copy of an old message can be among what is still to come.
 */
export function createJanitor(input: {
  readonly core: Pick<BusCore, 'database' | 'log'>;
  readonly queue: Pick<QueueRow, 'queue'>;
  readonly idle: () => boolean;
  /**
   * Whether none of the broker's queues has anything, also those of lanes that other processes hold: who has no lane is
   * idle, whatever waits.
   */
  readonly isEmpty: () => Promise<boolean>;
}) {
  const { core, queue, idle, isEmpty } = input;
  const { database, log } = core;
  let running = false;

  async function tidy(): Promise<void> {
    if (running || !idle()) return;
    running = true;
    try {
      if (!(await isEmpty())) return;
      const asked = { queue: queue.queue, hours: KEPT_HOURS, most: AT_ONCE_MAX };
      let count = AT_ONCE_MAX;
      while (count === AT_ONCE_MAX && idle()) {
        count = await database.transaction((tx) => forgetTaken(tx, asked));
      }
    } catch (error) {
      if (!isTransient(error)) log.error({ err: error }, 'the inbox could not be tidied');
    } finally {
      running = false;
    }
  }

  const timer = setInterval(() => void tidy(), INTERVAL_MS).unref();
  return { tidy, close: () => clearInterval(timer) };
}
