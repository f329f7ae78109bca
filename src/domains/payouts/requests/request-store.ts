import { type Executor, prepared, sql } from '#database';
import type { NewRequest, RequestOutcome, RequestStatus } from './request.ts';

// No id has a control character, and JSON text escapes them.
const SEPARATOR = '\u001f';
const texts = (values: readonly string[]) =>
  sql`string_to_array(${values.join(SEPARATOR)}, ${SEPARATOR})`;
/** As PostgreSQL writes an array: the driver would look at each number for quotes. */
const plain = (values: readonly bigint[]) => `{${values.join(',')}}`;

/**
 * Stores those whose external_id was not there before, in one statement that is its own transaction; answers how many.
 * They are written in the order of that id, so that two who store the same at once wait and never deadlock.
 */
export async function insertRequests(
  executor: Executor,
  input: { readonly requests: readonly NewRequest[]; readonly now: Date },
): Promise<number> {
  const { now, requests } = input;
  const { numAffectedRows } = await prepared`
    insert into payouts.request (id, client_id, external_id, metadata, asked_by, created_at)
    select n.id, n.client_id, n.external_id, nullif(n.metadata, '')::jsonb, n.asked_by, ${now}
    from unnest(
      ${plain(requests.map(({ id }) => id))}::bigint[], ${texts(requests.map(({ clientId }) => clientId))},
      ${texts(requests.map(({ externalId }) => externalId))},
      ${texts(requests.map(({ metadata }) => metadata))}, ${texts(requests.map(({ askedBy }) => askedBy))}
    ) as n (id, client_id, external_id, metadata, asked_by)
    order by n.external_id
    on conflict on constraint request_external_id_once do nothing`.execute(executor);
  return Number(numAffectedRows);
}

/** The stored request of an external_id, beside one that asks for the same. */
export interface EarlierRow {
  readonly external_id: string;
  /** Place of the asking one, from 1 on. */
  readonly place: bigint;
  readonly id: bigint;
  readonly same_client: boolean;
  readonly same_metadata: boolean;
}

/** What is stored under the external ids of `requests`, and whether it is the same. */
export async function compareWithStored(
  executor: Executor,
  requests: readonly NewRequest[],
): Promise<readonly EarlierRow[]> {
  const { rows } = await prepared<EarlierRow>`
    select n.external_id, n.place, r.id, r.client_id = n.client_id as same_client,
      r.metadata is not distinct from nullif(n.metadata, '')::jsonb as same_metadata
    from unnest(
      ${texts(requests.map(({ externalId }) => externalId))},
      ${texts(requests.map(({ clientId }) => clientId))},
      ${texts(requests.map(({ metadata }) => metadata))}
    ) with ordinality as n (external_id, client_id, metadata, place)
    join payouts.request r on r.external_id = n.external_id`.execute(executor);
  return rows;
}

export interface RequestRow {
  readonly id: bigint;
  readonly client_id: string;
  readonly external_id: string;
  readonly metadata: Readonly<Record<string, unknown>> | null;
  readonly asked_by: string;
  readonly status: RequestStatus;
  readonly error: string | null;
  readonly outcome: RequestOutcome | null;
  readonly created_at: Date;
  readonly ended_at: Date | null;
}

const COLUMNS = sql.raw(
  'id, client_id, external_id, metadata, asked_by, status, error, outcome, created_at, ended_at',
);

export async function findRequest(executor: Executor, id: bigint): Promise<RequestRow | undefined> {
  const { rows } = await sql<RequestRow>`
    select ${COLUMNS} from payouts.request where id = ${id}`.execute(executor);
  return rows[0];
}

/** A page of requests, the newest first; `before` is the id that it ends before. */
export async function listRequests(
  executor: Executor,
  input: {
    readonly clientId: string | null;
    readonly status: RequestStatus | null;
    readonly before: bigint | null;
    readonly limit: number;
  },
): Promise<readonly RequestRow[]> {
  const { before, clientId, limit, status } = input;
  const { rows } = await sql<RequestRow>`
    select ${COLUMNS} from payouts.request
    where (${clientId}::text is null or client_id = ${clientId})
      and (${status}::text is null or status = ${status})
      and (${before}::bigint is null or id < ${before})
    order by id desc limit ${limit}`.execute(executor);
  return rows;
}

/** How many wait for the gate, and since when the oldest does. */
export async function countWaiting(
  executor: Executor,
): Promise<{ readonly count: bigint; readonly oldest: Date | null }> {
  const { rows } = await sql<{ count: bigint; oldest: Date | null }>`
    select count(*) as count,
      (select created_at from payouts.request where status = 'new' order by id limit 1) as oldest
    from payouts.request where status = 'new'`.execute(executor);
  return rows[0] ?? { count: 0n, oldest: null };
}
