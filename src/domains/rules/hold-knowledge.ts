import { type Database, isTransient } from '#database';
import type { Log } from '#log';
import type { NumberTable } from '#rules/local-time';
import { type Knowledge, readKnowledge } from './knowledge.ts';

/** Holds what decisions need in memory, a second old at most: a decision reads no entity and no law. */
export interface KnowledgeHolder {
  current(): Knowledge;
  /** Looks for changes now; it happens by itself every second. */
  refresh(): Promise<void>;
  close(): void;
}

const REFRESH_INTERVAL_MS = 1000;

export async function holdKnowledge(options: {
  readonly database: Database;
  readonly log: Log;
  readonly numbers: readonly NumberTable[];
}): Promise<KnowledgeHolder> {
  const { database, log, numbers } = options;
  const first = await readKnowledge(database.pool, { known: undefined, numbers });
  let held = first as Knowledge;
  let last: Promise<void> = Promise.resolve();

  async function read(): Promise<void> {
    held = (await readKnowledge(database.pool, { known: held.revision, numbers })) ?? held;
  }

  /** One after the other, so that an older look never writes over a newer one. */
  function refresh(): Promise<void> {
    const next = last.then(read);
    last = next.catch(() => {});
    return next;
  }

  const timer = setInterval(() => {
    refresh().catch((error) => {
      if (!isTransient(error)) log.error({ err: error }, 'the sending rules could not be read');
    });
  }, REFRESH_INTERVAL_MS).unref();

  return { current: () => held, refresh, close: () => clearInterval(timer) };
}
