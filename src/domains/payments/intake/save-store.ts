import { type Executor, prepared, sql } from '#database';
import type { LoggedRequest } from './log-topic.ts';
import { parsePaymentRequestId } from './request.ts';
import { COLUMNS, type RequestRow } from './request-row.ts';

/** One statement for a batch, in the order of the log; what was saved before stays as it is. Answers how many are new. */
export async function insertRequests(
  executor: Executor,
  input: { readonly requests: readonly LoggedRequest[]; readonly now: Date },
): Promise<number> {
  const { now, requests } = input;
  const of = (read: (one: LoggedRequest) => string | null) => requests.map(read);
  const { numAffectedRows } = await prepared`
    insert into payments.request (id, user_key, msisdn, service, kind, refund_of, amount_minor, currency, gateway, email,
      callback, details, asked_by, asked_at, saved_at)
    select n.id, n.user_key, n.msisdn, n.service, n.kind, n.refund_of, n.amount_minor, n.currency, n.gateway, n.email,
      n.callback, n.details::jsonb, n.asked_by, n.asked_at, ${now}
    from unnest(
      ${requests.map((one) => parsePaymentRequestId(one.request))}::bigint[], ${of((one) => one.user)}::text[],
      ${of((one) => one.msisdn)}::text[], ${of((one) => one.service)}::text[], ${of((one) => one.kind)}::text[],
      ${of((one) => one.refund_of ?? '')}::text[], ${requests.map((one) => one.amount_minor ?? null)}::bigint[],
      ${of((one) => one.currency ?? null)}::text[], ${of((one) => one.gateway ?? null)}::text[],
      ${of((one) => one.email ?? null)}::text[], ${of((one) => one.callback ?? null)}::text[],
      ${of((one) => JSON.stringify(one.details))}::text[], ${of((one) => one.asked_by)}::text[],
      ${of((one) => one.at)}::timestamptz[]
    ) with ordinality as n (id, user_key, msisdn, service, kind, refund_of, amount_minor, currency, gateway, email,
      callback, details, asked_by, asked_at, at)
    order by n.at
    on conflict on constraint request_pkey do nothing`.execute(executor);
  return Number(numAffectedRows ?? 0n);
}

export async function findRequest(executor: Executor, id: bigint): Promise<RequestRow | undefined> {
  const { rows } = await sql<RequestRow>`
    select ${COLUMNS} from payments.request r where r.id = ${id}`.execute(executor);
  return rows[0];
}

/** One by its public id, for who has a database and no house. Throws `id_malformed`. */
export const readPaymentRequest = (
  executor: Executor,
  request: string,
): Promise<RequestRow | undefined> => findRequest(executor, parsePaymentRequestId(request));

/** Of one user, the newest first; `before` is the id that the page ends before. */
export async function listRequests(
  executor: Executor,
  input: { readonly user: string; readonly before: bigint | null; readonly limit: number },
): Promise<readonly RequestRow[]> {
  const { rows } = await sql<RequestRow>`
    select ${COLUMNS} from payments.request r
    where r.user_key = ${input.user} and (${input.before}::bigint is null or r.id < ${input.before})
    order by r.id desc limit ${input.limit}`.execute(executor);
  return rows;
}

/** How many are not over yet, and since when the oldest new one waits. */
export async function countOpenRequests(executor: Executor) {
  const { rows } = await sql<{ status: string; count: bigint; oldest: Date | null }>`
    select processing_status as status, count(*) as count, min(asked_at) as oldest from payments.request
    where processing_status = 'new' or processing_status = 'in_processing' or processing_status = 'processed'
    group by processing_status limit 3`.execute(executor);
  return rows;
}
