import { hash } from 'node:crypto';
import { type Database, type Executor, sql, type Tx } from '#database';
import { AppError, ERROR_KINDS, type ErrorKind, type FieldFault, must } from '#errors';
import { fail } from './errors.ts';
import { readStoredJson, storedJson } from './stored-json.ts';

export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

export interface OnceRequest {
  /** `Principal.id`: keys of different callers never meet. */
  readonly principal: string;
  /** What the caller sent as `Idempotency-Key`. */
  readonly key: string;
  /** Method and path: one key used on two routes is a mistake of the caller. */
  readonly route: string;
  readonly body: unknown;
  readonly now: Date;
}

interface AnswerRow {
  readonly request_hash: Buffer;
  readonly status: number;
  readonly answer: string;
}

interface StoredRefusal {
  readonly kind: ErrorKind;
  readonly code: string;
  readonly message: string;
  readonly faults: readonly FieldFault[];
  readonly details: Readonly<Record<string, unknown>>;
}

const KEY = /^[\x21-\x7e]{1,255}$/;
const REFUSAL_STATUS_MIN = 400;

/**
 * Does `work` once for a caller and key, and answers the same ever after: refusals (an `AppError` of a 4xx
 * kind) are thrown again, other answers are given again as they were, JSON for JSON. Answers that ask to be
 * tried again (429, 503) and bugs are not kept.
 *
 * Throws `idempotency_key_reused` when the key came with another route or body, and `idempotency_in_work`
 * while the first call is still at it. That is told by an advisory lock of the work's own transaction rather
 * than by a lease: PostgreSQL frees it with the connection, so a crash blocks nobody for a while and nobody
 * has to guess how long work may take. What decides in the end is the primary key: `work` and its answer
 * commit together, and whoever comes second to that commit is rolled back and gives the first one's answer.
 */
export async function once(
  database: Database,
  request: OnceRequest,
  work: (tx: Tx) => Promise<Answer>,
): Promise<Answer> {
  mustBeKey(request.key);
  const requestHash = hashOf(request);
  try {
    return await database.transaction((tx) => answerOnce(tx, { request, requestHash, work }));
  } catch (error) {
    if (error instanceof AnsweredBefore)
      return giveAgain(await mustFind(database, request), requestHash);
    if (!(error instanceof Refused)) throw error;
    await store(database.pool, { request, requestHash, ...refusalOf(error.refusal) });
    return giveAgain(await mustFind(database, request), requestHash);
  }
}

function mustBeKey(key: string): void {
  if (KEY.test(key)) return;
  const message = 'must be 1 to 255 visible ASCII characters';
  throw fail('idempotency_key_malformed', `Idempotency-Key ${message}.`, {
    faults: [{ field: 'idempotency-key', message }],
  });
}

/** Another transaction has stored its answer since we looked: ours must roll back. */
class AnsweredBefore extends Error {}

/** Carries a refusal out of the transaction, so that what `work` wrote before it rolls back. */
class Refused extends Error {
  readonly refusal: AppError;
  constructor(refusal: AppError) {
    super(refusal.message);
    this.refusal = refusal;
  }
}

interface Attempt {
  readonly request: OnceRequest;
  readonly requestHash: Buffer;
  readonly work: (tx: Tx) => Promise<Answer>;
}

async function answerOnce(tx: Tx, { request, requestHash, work }: Attempt): Promise<Answer> {
  const { locked, row } = await lockAndFind(tx, request);
  if (row) return giveAgain(row, requestHash);
  if (!locked) {
    throw fail(
      'idempotency_in_work',
      'The first request with this Idempotency-Key is still in work.',
    );
  }
  const { status, body } = await work(tx).catch((error: unknown) => {
    throw isKept(error) ? new Refused(error) : error;
  });
  must(status >= 200 && status < REFUSAL_STATUS_MIN, 'refusals are thrown, not returned');
  const answer = storedJson(body);
  if (!(await store(tx, { request, requestHash, status, answer }))) throw new AnsweredBefore();
  // Read back from what was stored, so that the first answer can't differ from its repetitions.
  return { status, body: readStoredJson(answer) };
}

/** The lock is tried, never waited for, so it takes part in no deadlock. */
async function lockAndFind(tx: Tx, { principal, key }: OnceRequest) {
  const name = `idempotency\0${principal}\0${key}`;
  const lock = hash('sha256', name, 'buffer').readBigInt64BE();
  const { rows } = await sql<{ locked: boolean } & Partial<AnswerRow>>`
    select locks.locked, held.request_hash, held.status, held.answer
    from (select pg_try_advisory_xact_lock(${lock}) as locked) locks
    left join platform.idempotency_key held on held.principal = ${principal} and held.key = ${key}`.execute(
    tx,
  );
  const found = rows[0];
  return {
    locked: found?.locked === true,
    row: found?.request_hash ? (found as AnswerRow) : undefined,
  };
}

function isKept(error: unknown): error is AppError {
  if (!(error instanceof AppError)) return false;
  const { status, retry } = ERROR_KINDS[error.kind];
  return status < 500 && !retry;
}

function refusalOf({ kind, code, message, faults, details }: AppError) {
  const refusal: StoredRefusal = { kind, code, message, faults, details };
  return { status: ERROR_KINDS[kind].status, answer: storedJson(refusal) };
}

/** False when an answer is there already: the first one stays. */
async function store(
  executor: Executor,
  row: Omit<Attempt, 'work'> & { readonly status: number; readonly answer: string },
): Promise<boolean> {
  const { principal, key, now } = row.request;
  const { numAffectedRows } = await sql`
    insert into platform.idempotency_key (principal, key, request_hash, status, answer, created_at)
    values (${principal}, ${key}, ${row.requestHash}, ${row.status}, ${row.answer}, ${now})
    on conflict (principal, key) do nothing`.execute(executor);
  return numAffectedRows === 1n;
}

async function mustFind(database: Database, { principal, key }: OnceRequest): Promise<AnswerRow> {
  const { rows } = await sql<AnswerRow>`
    select request_hash, status, answer from platform.idempotency_key
    where principal = ${principal} and key = ${key}`.execute(database.pool);
  const row = rows[0];
  must(row, 'an answer that was stored is there');
  return row;
}

/** What a caller hears whose key came with another route or body before. */
export function keyReused(): AppError {
  return fail(
    'idempotency_key_reused',
    'This Idempotency-Key was used before for another request: take a new one for each.',
    { faults: [{ field: 'idempotency-key', message: 'was used before for another request' }] },
  );
}

function giveAgain(row: AnswerRow, requestHash: Buffer): Answer {
  if (!row.request_hash.equals(requestHash)) {
    throw keyReused();
  }
  const answer = readStoredJson(row.answer);
  if (row.status < REFUSAL_STATUS_MIN) return { status: row.status, body: answer };
  const { kind, code, message, faults, details } = answer as StoredRefusal;
  throw new AppError(kind, code, message, { faults, details });
}

/** A request under a key of its caller, to be compared with what was asked before. */
export interface AskedOnce {
  readonly principal: string;
  readonly key: string;
  readonly hash: Buffer;
}

/** Throws `idempotency_key_malformed`. */
export function askOnce(request: Omit<OnceRequest, 'now'>): AskedOnce {
  mustBeKey(request.key);
  return { principal: request.principal, key: request.key, hash: hashOf(request) };
}

function hashOf(request: Omit<OnceRequest, 'now'>): Buffer {
  return hash(
    'sha256',
    `${request.route}\0${storedJson(request.body, { sorted: true })}`,
    'buffer',
  );
}

/** Removes answers given before `before`, at most `limit`. Callers are promised a day. */
export async function forgetAnswers(
  executor: Executor,
  options: { readonly before: Date; readonly limit: number },
): Promise<number> {
  const { numAffectedRows } = await sql`
    delete from platform.idempotency_key where (principal, key) in (
      select principal, key from platform.idempotency_key where created_at < ${options.before}
      order by created_at limit ${options.limit})`.execute(executor);
  return Number(numAffectedRows ?? 0n);
}
