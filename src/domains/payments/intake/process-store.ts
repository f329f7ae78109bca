import { type Executor, sql, type Tx } from '#database';
import type { PaymentStatus } from './request.ts';
import { COLUMNS, type RequestRow } from './request-row.ts';

/** A user whose new requests are in our hand, and the numbers that they came with. */
export interface HeldUser {
  readonly user_key: string;
  readonly msisdns: readonly string[];
}

/** More users are looked at than are taken: another processor may hold the first of them. */
const LOOK_AHEAD = 4;

/**
 * Takes users with new requests, the longest waiting first, for this transaction: who is in another processor's hand is
 * passed over. The lock is of the user, not of rows: also what is saved from now on is his.
 */
export async function holdUsers(
  tx: Tx,
  input: { readonly most: number; readonly among?: readonly string[] | undefined },
): Promise<readonly HeldUser[]> {
  const { among = null, most } = input;
  const { rows } = await sql<HeldUser>`
    with ahead as materialized (
      select user_key, msisdn, place from payments.request
      where processing_status = 'new' and (${among}::text[] is null or user_key = any (${among}))
      order by place limit ${most * LOOK_AHEAD}
    ), users as materialized (
      select user_key, array_agg(distinct msisdn) as msisdns, min(place) as first from ahead group by user_key
    ), ordered as materialized (select * from users order by first)
    select user_key, msisdns from ordered
    where pg_try_advisory_xact_lock(hashtextextended(user_key, 92)) limit ${most}`.execute(tx);
  return rows;
}

/**
 * The latest new request of each held user, service and kind, to be sent; all earlier ones become `duplicated`, and the latest
 * too where one is under way already. A statement of its own: it sees what was there before the users were held.
 */
export async function takeLatest(
  tx: Tx,
  input: { readonly users: readonly string[]; readonly now: Date },
): Promise<readonly RequestRow[]> {
  const { now, users } = input;
  const { rows } = await sql<RequestRow>`
    with latest as materialized (
      select distinct on (r.user_key, r.service, r.kind, r.refund_of) r.id, r.user_key, r.service, r.kind, r.refund_of,
        (select o.id from payments.request o where o.user_key = r.user_key and o.service = r.service and o.kind = r.kind
          and o.refund_of = r.refund_of and o.processing_status = 'in_processing') as under_way
      from payments.request r where r.user_key = any (${users}::text[]) and r.processing_status = 'new'
      order by r.user_key, r.service, r.kind, r.refund_of, r.place desc
    ), marked as (
      update payments.request r set processing_status = 'duplicated', duplicate_of = coalesce(l.under_way, l.id),
        reason = case when l.under_way is null then 'asked_again' else 'under_way' end, processed_at = ${now}
      from latest l
      where r.user_key = l.user_key and r.service = l.service and r.kind = l.kind and r.refund_of = l.refund_of
        and r.processing_status = 'new' and (r.id <> l.id or l.under_way is not null)
    )
    select ${COLUMNS} from payments.request r join latest l on l.id = r.id where l.under_way is null order by r.place`.execute(
    tx,
  );
  return rows;
}

export interface Began {
  readonly id: bigint;
  readonly customerId: bigint;
  readonly payment: bigint;
  /** What it is to become, in the words of who asked. */
  readonly outcome: string | null;
}

/** Sent: each has its payment now. */
export async function markInProcessing(
  tx: Tx,
  input: { readonly began: readonly Began[]; readonly now: Date },
): Promise<void> {
  const { began, now } = input;
  if (began.length === 0) return;
  await sql`
    update payments.request r set processing_status = 'in_processing', customer_id = n.customer_id, payment_id = n.payment_id,
      outcome = n.outcome, began_at = ${now}
    from unnest(${began.map((one) => one.id)}::bigint[], ${began.map((one) => one.customerId)}::bigint[],
      ${began.map((one) => one.payment)}::bigint[], ${began.map((one) => one.outcome)}::text[])
      as n (id, customer_id, payment_id, outcome)
    where r.id = n.id and r.processing_status = 'new'`.execute(tx);
}

export interface Refused {
  readonly id: bigint;
  readonly reason: string;
}

/** Never sent, and over: `duplicated` where he has what he asks for, else an error. */
export async function markRefused(
  tx: Tx,
  input: {
    readonly refused: readonly Refused[];
    readonly as: 'duplicated' | 'processed';
    readonly now: Date;
  },
): Promise<void> {
  const { as, now, refused } = input;
  if (refused.length === 0) return;
  await sql`
    update payments.request r set processing_status = ${as}, reason = n.reason, processed_at = ${now},
      payment_status = case when ${as} = 'processed' then 'error' else 'unknown' end
    from unnest(${refused.map((one) => one.id)}::bigint[], ${refused.map((one) => one.reason)}::text[]) as n (id, reason)
    where r.id = n.id and r.processing_status = 'new'`.execute(tx);
}

interface PaymentKey {
  readonly customerId: bigint;
  readonly id: bigint;
}

/** The requests under way that these payments are of. Nothing is locked. */
export async function findUnderWay(
  executor: Executor,
  payments: readonly PaymentKey[],
): Promise<readonly RequestRow[]> {
  const { rows } = await sql<RequestRow>`
    select ${COLUMNS}
    from unnest(${payments.map((one) => one.customerId)}::bigint[], ${payments.map((one) => one.id)}::bigint[])
      as n (customer_id, payment_id)
    join payments.request r on r.customer_id = n.customer_id and r.payment_id = n.payment_id
    where r.processing_status = 'in_processing' order by r.id`.execute(executor);
  return rows;
}

/** Refunds under way whose payment has ended: nobody tells of them on the topics of responses. */
export async function findEndedRefunds(
  executor: Executor,
  most: number,
): Promise<readonly (RequestRow & { readonly state: string; readonly why: string | null })[]> {
  const { rows } = await sql<RequestRow & { state: string; why: string | null }>`
    select ${COLUMNS}, p.state, p.reason as why
    from payments.request r
    join payments.payment p on p.customer_id = r.customer_id and p.id = r.payment_id
    where r.processing_status = 'in_processing' and r.kind = 'refund' and p.closed_at is not null
    order by r.id limit ${most}`.execute(executor);
  return rows;
}

export interface Settled {
  readonly id: bigint;
  readonly status: Exclude<PaymentStatus, 'unknown'>;
  readonly reason: string | null;
}

/** Answered: once, whoever hears of it how often. Answers the ids of those that were under way until now. */
export async function markProcessed(
  tx: Tx,
  input: { readonly settled: readonly Settled[]; readonly now: Date },
): Promise<readonly bigint[]> {
  const { now, settled } = input;
  if (settled.length === 0) return [];
  const { rows } = await sql<{ id: bigint }>`
    update payments.request r set processing_status = 'processed', payment_status = n.status, reason = n.reason,
      processed_at = ${now}
    from unnest(${settled.map((one) => one.id)}::bigint[], ${settled.map((one) => one.status)}::text[],
      ${settled.map((one) => one.reason)}::text[]) as n (id, status, reason)
    where r.id = n.id and r.processing_status = 'in_processing'
    returning r.id`.execute(tx);
  return rows.map((row) => row.id);
}

/** Locks those of these that are under way, in the order of their ids. */
export async function lockUnderWay(tx: Tx, ids: readonly bigint[]): Promise<readonly RequestRow[]> {
  const { rows } = await sql<RequestRow>`
    select ${COLUMNS} from payments.request r
    where r.id = any (${ids}::bigint[]) and r.processing_status = 'in_processing'
    order by r.id for no key update`.execute(tx);
  return rows;
}

/** Takes answered ones that nobody was told of yet: with this transaction they are `completed`. */
export async function completeProcessed(
  tx: Tx,
  input: { readonly most: number; readonly now: Date },
): Promise<readonly RequestRow[]> {
  const { rows } = await sql<RequestRow>`
    with told as (
      select id from payments.request where processing_status = 'processed'
      order by id limit ${input.most} for no key update skip locked
    )
    update payments.request r set processing_status = 'completed', completed_at = ${input.now}
    from told where r.id = told.id
    returning ${COLUMNS}`.execute(tx);
  return rows;
}

/** The cards that are charged unless another is named, of those who have one. */
export async function findDefaultCards(
  executor: Executor,
  customers: readonly bigint[],
): Promise<readonly { customer_id: bigint; id: bigint; gateway: string }[]> {
  const { rows } = await sql<{ customer_id: bigint; id: bigint; gateway: string }>`
    select customer_id, id, gateway from payments.card
    where customer_id = any (${customers}::bigint[]) and is_default and removed_at is null
    limit ${customers.length}`.execute(executor);
  return rows;
}
