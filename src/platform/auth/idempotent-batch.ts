import { type Executor, sql, type Tx } from '#database';
import type { AskedOnce } from './idempotency.ts';
import { readStoredJson, storedJson } from './stored-json.ts';

/** What is known of a request under its key. */
export type KnownAnswer =
  | { readonly outcome: 'new' }
  | { readonly outcome: 'again'; readonly body: unknown }
  /** The key stands for another request. */
  | { readonly outcome: 'reused' };

/**
 * For work that is done in batches of many requests, where `once` would make a transaction of each: looks all of them up.
 * Whoever finds `new` does the work and calls `storeAnswers` in its transaction.
 */
export async function findAnswers(
  executor: Executor,
  asked: readonly AskedOnce[],
): Promise<readonly KnownAnswer[]> {
  if (asked.length === 0) return [];
  const { rows } = await sql<{ at: bigint; request_hash: Buffer; answer: string }>`
    select n.at, held.request_hash, held.answer
    from unnest(${asked.map((one) => one.principal)}::text[], ${asked.map((one) => one.key)}::text[])
      with ordinality as n (principal, key, at)
    join platform.idempotency_key held using (principal, key)`.execute(executor);
  const found = new Map(rows.map((row) => [Number(row.at) - 1, row]));
  return asked.map(({ hash }, at) => {
    const row = found.get(at);
    if (!row) return { outcome: 'new' };
    if (!row.request_hash.equals(hash)) return { outcome: 'reused' };
    return { outcome: 'again', body: readStoredJson(row.answer) };
  });
}

/**
 * Stores answers with the work they are of. False when one of the keys has an answer already: then the transaction must be
 * rolled back, and all be looked up again.
 */
export async function storeAnswers(
  tx: Tx,
  answers: readonly {
    readonly asked: AskedOnce;
    readonly status: number;
    readonly body: unknown;
    readonly now: Date;
  }[],
): Promise<boolean> {
  if (answers.length === 0) return true;
  const { numAffectedRows } = await sql`
    insert into platform.idempotency_key (principal, key, request_hash, status, answer, created_at)
    select * from unnest(${answers.map(({ asked }) => asked.principal)}::text[],
      ${answers.map(({ asked }) => asked.key)}::text[], ${answers.map(({ asked }) => asked.hash)}::bytea[],
      ${answers.map(({ status }) => status)}::smallint[], ${answers.map(({ body }) => storedJson(body))}::text[],
      ${answers.map(({ now }) => now)}::timestamptz[]) as n (principal, key, request_hash, status, answer, created_at)
    order by principal, key
    on conflict (principal, key) do nothing`.execute(tx);
  return Number(numAffectedRows ?? 0n) === answers.length;
}
