import { PREPARED } from '#database';
import type { Log } from '#log';
import type { Line } from './line.ts';

/**
 * Tells sleeping consumers that a topic has something: those of this process at once, those of others by one
 * coalesced notification from a connection of its own (a `notify` inside the publishing transaction would
 * halve its throughput). Losing a notification costs at most one poll.
 */
export interface WakeUps {
  /** Called after the commit of a transaction that published to `topics`. */
  announce(topics: readonly string[]): void;
  /** Something came for `topic` that only this process has. */
  stir(topic: string): void;
  /** Called with what another process announced. */
  hear(payload: string): void;
  /** Grows with every announcement of `topic`. Asked before looking, so that none is missed while looking. */
  count(topic: string): number;
  /** Resolves when `topic` was announced since `count` was `since`, or after `patienceMs`. */
  sleep(topic: string, nap: Nap): Promise<void>;
}

export interface Nap {
  readonly patienceMs: number;
  readonly signal: AbortSignal;
  readonly since?: number;
}

export const WAKE_CHANNEL = 'kopek_bus';
/** PostgreSQL refuses a notification of 8000 bytes. */
const PAYLOAD_LENGTH_MAX = 7000;
const NOTIFY = `${PREPARED}select pg_notify($1, $2)`;
/** Others hear of the first announcement at once, and then no more often than this. */
const QUIET_MS = 20;

export function createWakeUps(line: () => Line, log: Log): WakeUps {
  const sleepers = new Map<string, Set<() => void>>();
  const counts = new Map<string, number>();
  const dirty = new Set<string>();
  let flushing = false;

  function wake(topic: string): void {
    counts.set(topic, (counts.get(topic) ?? 0) + 1);
    for (const resolve of sleepers.get(topic) ?? []) resolve();
  }

  async function flush(): Promise<void> {
    if (flushing) return;
    flushing = true;
    try {
      while (dirty.size > 0) {
        const payload = [...dirty].join(' ').slice(0, PAYLOAD_LENGTH_MAX);
        dirty.clear();
        await line().query(NOTIFY, [WAKE_CHANNEL, payload]);
        // What is announced meanwhile goes along with the next.
        await new Promise((resolve) => setTimeout(resolve, QUIET_MS).unref());
      }
    } catch (error) {
      log.debug({ err: error }, 'a wake-up was lost');
    } finally {
      flushing = false;
    }
  }

  return {
    announce(topics) {
      for (const topic of topics) {
        wake(topic);
        dirty.add(topic);
      }
      void flush();
    },
    stir: wake,
    hear(payload) {
      for (const topic of payload.split(' ')) wake(topic);
    },
    count: (topic) => counts.get(topic) ?? 0,
    sleep: (topic, { patienceMs, signal, since }) =>
      new Promise((resolve) => {
        if (signal.aborted || (since !== undefined && since !== (counts.get(topic) ?? 0))) {
          resolve();
          return;
        }
        const waiting = sleepers.get(topic) ?? new Set();
        sleepers.set(topic, waiting);
        const done = () => {
          clearTimeout(timer);
          signal.removeEventListener('abort', done);
          waiting.delete(done);
          resolve();
        };
        const timer = setTimeout(done, patienceMs);
        waiting.add(done);
        signal.addEventListener('abort', done);
      }),
  };
}
