import type { Database } from '#database';
import { AppError } from '#errors';
import type { Log } from '#log';

/**
 * One connection of the bus's own, outside the pool: what is written while a transaction is open must not wait
 * for the pool, which may be empty because others wait in the same way. Made again when it is lost.
 */
export interface Line {
  /** One at a time, in the order of the calls. Throws what is transient while the database is away. */
  query(text: string, values: readonly unknown[]): Promise<void>;
  close(): Promise<void>;
}

export interface LineInput {
  readonly database: Database;
  readonly log: Log;
  readonly channel: string;
  /** Run on each new connection. What it throws is thrown by queries, until it succeeds. */
  readonly begin?: (client: Client) => Promise<void>;
  /** Called with the payload of each notification of another process. */
  readonly hear: (payload: string) => void;
}

const RECONNECT_INTERVAL_MS = 1000;

type Client = Awaited<ReturnType<Database['connect']>>;

export function openLine({ database, log, channel, begin, hear }: LineInput): Line {
  let client: Promise<Client> | undefined;
  let last: Promise<unknown> = Promise.resolve();
  let closed = false;

  function connected(): Promise<Client> {
    if (closed) throw new AppError('unavailable', 'bus_closed', 'The bus was closed.');
    client ??= connect().catch((error) => {
      client = undefined;
      throw error;
    });
    return client;
  }

  async function connect(): Promise<Client> {
    const fresh = await database.connect();
    const { processID } = fresh as unknown as { processID: number };
    fresh.on('notification', ({ payload = '', processId }) => {
      if (processId !== processID) hear(payload);
    });
    fresh.on('end', () => {
      client = undefined;
    });
    try {
      await begin?.(fresh);
      await fresh.query(`listen ${channel}`);
      return fresh;
    } catch (error) {
      await fresh.end();
      throw error;
    }
  }

  const keepListening = () =>
    void connected().catch((error) => log.debug({ err: error }, 'the bus can not listen yet'));
  const keeper = setInterval(keepListening, RECONNECT_INTERVAL_MS).unref();
  keepListening();

  return {
    query(text, values) {
      const result = last.then(async () => (await connected()).query(text, [...values]));
      last = result.catch(() => {});
      return result.then(() => {});
    },
    async close() {
      clearInterval(keeper);
      await last;
      closed = true;
      await client?.then((open) => open.end()).catch(() => {});
    },
  };
}
