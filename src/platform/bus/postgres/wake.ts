import type { Database } from '#database';
import type { Log } from '#log';

/**
 * Tells sleeping consumers that a topic has something: those of this process at once, those of others by one
 * coalesced notification from a connection of its own (a `notify` inside the publishing transaction would
 * halve its throughput). Losing a notification costs at most one poll.
 */
export interface WakeUps {
  /** Called after the commit of a transaction that published to `topics`. */
  announce(topics: readonly string[]): void;
  /** Resolves when one of `topic`'s messages may be there, or after `patienceMs`. */
  sleep(topic: string, patienceMs: number, signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

const CHANNEL = 'kopek_bus';
const RECONNECT_PAUSE_MS = 1000;
/** PostgreSQL refuses a notification of 8000 bytes. */
const PAYLOAD_BYTES_MAX = 7000;

type Client = Awaited<ReturnType<Database['connect']>>;

export function createWakeUps(database: Database, log: Log): WakeUps {
  const sleepers = new Map<string, Set<() => void>>();
  const dirty = new Set<string>();
  let client: Client | undefined;
  let closed = false;
  let flushing = false;

  function wake(topic: string): void {
    const waiting = sleepers.get(topic);
    if (!waiting) return;
    sleepers.delete(topic);
    for (const resolve of waiting) resolve();
  }

  async function connect(): Promise<void> {
    while (!closed) {
      try {
        const fresh = await database.connect();
        fresh.on('notification', ({ payload }) => {
          for (const topic of (payload ?? '').split(' ')) wake(topic);
        });
        fresh.on('end', () => {
          if (client === fresh) client = undefined;
          if (!closed) void connect();
        });
        await fresh.query(`listen ${CHANNEL}`);
        client = fresh;
        if (closed) await fresh.end();
        return;
      } catch (error) {
        log.debug({ err: error }, 'the bus can not listen yet');
        await new Promise((done) => setTimeout(done, RECONNECT_PAUSE_MS).unref());
      }
    }
  }

  async function flush(): Promise<void> {
    if (flushing) return;
    flushing = true;
    try {
      while (dirty.size > 0 && client && !closed) {
        const payload = [...dirty].join(' ').slice(0, PAYLOAD_BYTES_MAX);
        dirty.clear();
        await client.query('select pg_notify($1, $2)', [CHANNEL, payload]);
      }
    } catch (error) {
      log.debug({ err: error }, 'a wake-up was lost');
    } finally {
      flushing = false;
    }
  }

  void connect();

  return {
    announce(topics) {
      for (const topic of topics) {
        wake(topic);
        dirty.add(topic);
      }
      void flush();
    },
    sleep: (topic, patienceMs, signal) =>
      new Promise((resolve) => {
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
        if (signal.aborted) done();
        else signal.addEventListener('abort', done);
      }),
    async close() {
      closed = true;
      await client?.end().catch(() => {});
    },
  };
}
