import { deferred, type Executor, prepared, sql, sqlState, type Tx } from '#database';
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

/** An answer to be kept under the key that it was asked for with. */
export interface GivenAnswer {
  readonly asked: AskedOnce;
  readonly status: number;
  readonly body: unknown;
}

/**
 * Stores answers with the work they are of. False when one of the keys has an answer already: then the transaction must be
 * rolled back, and all be looked up again.
 */
export async function storeAnswers(
  tx: Tx,
  answers: readonly GivenAnswer[],
  now: Date,
): Promise<boolean> {
  if (answers.length === 0) return true;
  const { numAffectedRows } = await prepared`
    insert into platform.idempotency_key (principal, key, request_hash, status, answer, created_at)
    ${rowsOf(answers, now)} on conflict (principal, key) do nothing`.execute(tx);
  return Number(numAffectedRows ?? 0n) === answers.length;
}

/**
 * As `storeAnswers`, with whatever follows in the transaction, which nobody waits for: where one of the keys has an answer already,
 * the transaction fails, and `isAnsweredBefore` knows its error.
 */
export async function sendAnswers(
  tx: Tx,
  answers: readonly GivenAnswer[],
  now: Date,
): Promise<void> {
  if (answers.length === 0) return;
  await deferred`
    insert into platform.idempotency_key (principal, key, request_hash, status, answer, created_at)
    ${rowsOf(answers, now)}`.execute(tx);
}

const ONE_ANSWER_PER_KEY = 'idempotency_key_pkey';

/** True for what `sendAnswers` fails with: all must be looked up again. */
export function isAnsweredBefore(error: unknown): boolean {
  const { constraint } = error as { readonly constraint?: unknown };
  return sqlState(error) === UNIQUE_VIOLATION && constraint === ONE_ANSWER_PER_KEY;
}

const UNIQUE_VIOLATION = '23505';

// No key and no principal has a control character, and JSON text escapes them.
const SEPARATOR = '\u001f';
const texts = (values: readonly string[]) =>
  sql`string_to_array(${values.join(SEPARATOR)}, ${SEPARATOR})`;

/** In one order: of two sets neither waits for the other. */
function rowsOf(answers: readonly GivenAnswer[], now: Date) {
  return sql`
    select n.principal, n.key, decode(n.hash, 'hex'), n.status::smallint, n.answer, ${now}::timestamptz
    from unnest(${texts(answers.map(({ asked }) => asked.principal))}, ${texts(answers.map(({ asked }) => asked.key))},
      ${texts(answers.map(({ asked }) => asked.hash.toString('hex')))},
      ${texts(answers.map(({ status }) => String(status)))},
      ${texts(answers.map(({ body }) => storedJson(body)))}
    ) as n (principal, key, hash, status, answer)
    order by n.principal, n.key`;
}
