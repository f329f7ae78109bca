import { type Database, type Executor, sql } from '#database';

/** Messages in one batch, published as consumed. */
export const BATCH = 500;

export interface Load {
  readonly n: number;
  readonly text: string;
}

export interface Wanted {
  readonly count: number;
  readonly concurrency: number;
}

/** A queue under measurement. */
export interface Queue {
  /** In batches. */
  publish(wanted: Wanted): Promise<void>;
  /** Each message alone, so many at a time. */
  publishSingly?(wanted: Wanted): Promise<void>;
  /** Takes off `count` messages, one row written for each in the same transaction. */
  consume(wanted: Wanted): Promise<void>;
  close(): Promise<void>;
}

/** Where the rows go that are the effect of a message. Its key is its own: ids of messages differ in kind. */
export async function createEffects(database: Database): Promise<void> {
  await sql`create table effect (
    id bigint generated always as identity primary key, message uuid not null, n integer not null
  )`.execute(database.pool);
}

/** What the callers of a broker write beside what they publish: a message follows from a fact. */
export async function createFacts(database: Database): Promise<void> {
  await sql`create table fact (id bigint generated always as identity primary key, n integer not null)`.execute(
    database.pool,
  );
}

/** One row, in a transaction that `tx` is, or in one of its own. */
export async function writeFact(executor: Executor, n: number): Promise<void> {
  await sql`insert into fact (n) values (${n})`.execute(executor);
}

/** Calls `work` with the number of each message, `concurrency` of them at once. */
export async function inFlight(
  { count, concurrency }: Wanted,
  work: (n: number) => Promise<unknown>,
): Promise<void> {
  let next = 0;
  const loop = async () => {
    for (let n = next++; n < count; n = next++) await work(n);
  };
  await Promise.all(Array.from({ length: concurrency }, loop));
}

/** Calls `work` with the number of each batch's first message, `concurrency` of them at once. */
export async function inBatches(
  { count, concurrency }: Wanted,
  work: (from: number) => Promise<unknown>,
): Promise<void> {
  let next = 0;
  const loop = async () => {
    while (next < count) {
      const from = next;
      next += BATCH;
      await work(from);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, loop));
}
