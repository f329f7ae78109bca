import { type Executor, sql, type Tx } from '#database';
import type { TransactionRole } from '#payments/transaction-store';

export const differenceKinds = [
  'unknown_here',
  'missing_there',
  'amount_differs',
  'refund_unknown_here',
  'refund_missing_there',
  'conflict',
  'unanswered',
  'dispute',
] as const;
export type DifferenceKind = (typeof differenceKinds)[number];

export interface Difference {
  readonly kind: DifferenceKind;
  /** The gateway's id of it, or ours where the gateway has none. */
  readonly subject: string;
  readonly payment: { readonly customerId: bigint; readonly id: bigint } | undefined;
  readonly transaction: string | undefined;
  readonly oursMinor: bigint | undefined;
  readonly theirsMinor: bigint | undefined;
  readonly currency: string | undefined;
  readonly at: Date;
  readonly message: string;
}

export interface Span {
  readonly from: Date;
  readonly to: Date;
}

/** After that one of a version that took no lease has died. */
const CUT_OFF_MINUTES = 120;
/** By the database's clock. Longer than a page or an inquiry takes. */
const LEASE_MINUTES = 5;

/** False while another one of this gateway is under way. */
export async function beginReconciliation(
  tx: Tx,
  input: Span & {
    readonly gateway: string;
    readonly id: bigint;
    readonly now: Date;
    /** Who asked for it; null: it is the nightly one. */
    readonly actor: string | null;
  },
): Promise<boolean> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${`payments.reconciliation ${input.gateway}`}, 0))`.execute(
    tx,
  );
  const { rows } = await sql`
    insert into payments.reconciliation (gateway, id, from_at, to_at, began_at, actor, lease_until)
    select ${input.gateway}, ${input.id}, ${input.from}, ${input.to}, ${input.now}, ${input.actor},
      clock_timestamp() + make_interval(mins => ${LEASE_MINUTES})
    where not exists (select from payments.reconciliation r where r.gateway = ${input.gateway} and r.ended_at is null
      and case when r.lease_until is null
        then r.began_at > ${input.now}::timestamptz - make_interval(mins => ${CUT_OFF_MINUTES})
        else r.lease_until > clock_timestamp() end)
    returning id`.execute(tx);
  return rows.length > 0;
}

/** It is still under way. False where it is not any more: it was thought dead, and dropped. */
export async function renewReconciliation(
  executor: Executor,
  of: { readonly gateway: string; readonly id: bigint },
): Promise<boolean> {
  const { rows } = await sql`
    update payments.reconciliation set lease_until = clock_timestamp() + make_interval(mins => ${LEASE_MINUTES})
    where gateway = ${of.gateway} and id = ${of.id} and ended_at is null returning id`.execute(
    executor,
  );
  return rows.length > 0;
}

export async function endReconciliation(
  executor: Executor,
  input: {
    readonly gateway: string;
    readonly id: bigint;
    readonly now: Date;
    readonly listed: number;
    readonly applied: number;
  },
): Promise<void> {
  await sql`
    update payments.reconciliation set ended_at = ${input.now}, listed = ${input.listed}, applied = ${input.applied}
    where gateway = ${input.gateway} and id = ${input.id}`.execute(executor);
}

/** It could not be finished: another one may begin at once. */
export async function dropReconciliation(
  executor: Executor,
  input: { readonly gateway: string; readonly id: bigint },
): Promise<void> {
  await sql`
    delete from payments.reconciliation where gateway = ${input.gateway} and id = ${input.id} and ended_at is null`.execute(
    executor,
  );
}

export interface ReconciliationRow {
  readonly gateway: string;
  readonly from_at: Date;
  readonly to_at: Date;
  readonly began_at: Date;
  readonly ended_at: Date | null;
  readonly listed: number;
  readonly applied: number;
}

/** The newest that came to its end. */
export async function findLastReconciliation(
  executor: Executor,
  gateway: string,
): Promise<ReconciliationRow | undefined> {
  const { rows } = await sql<ReconciliationRow>`
    select gateway, from_at, to_at, began_at, ended_at, listed, applied from payments.reconciliation
    where gateway = ${gateway} and ended_at is not null order by id desc limit 1`.execute(executor);
  return rows[0];
}

/**
 * Up to where every day was compared: by the nightly ones. A day that somebody has looked at by hand says nothing of the days
 * before it.
 */
export async function findComparedTo(
  executor: Executor,
  gateway: string,
): Promise<Date | undefined> {
  const { rows } = await sql<{ to_at: Date }>`
    select to_at from payments.reconciliation
    where gateway = ${gateway} and ended_at is not null and actor is null order by id desc limit 1`.execute(
    executor,
  );
  return rows[0]?.to_at;
}

/** What we take operations of a gateway for. */
export interface Ours {
  readonly transaction: string;
  readonly customer_id: bigint;
  readonly payment_id: bigint;
  readonly kind: 'payment' | 'refund';
  readonly role: TransactionRole;
  readonly amount_minor: bigint;
  readonly currency: string;
  readonly at: Date;
  /** Of the payment that the operation is of, or that was given back of. */
  readonly state: string;
}

export async function findOurs(
  executor: Executor,
  of: { readonly gateway: string; readonly transactions: readonly string[] },
): Promise<ReadonlyMap<string, Ours>> {
  const { rows } = await sql<Ours>`
    select t.transaction, t.customer_id, t.payment_id, t.kind, t.role, t.amount_minor, t.currency, t.at, p.state
    from unnest(${of.transactions}::text[]) as w (transaction)
    join payments.gateway_transaction t on t.gateway = ${of.gateway} and t.transaction = w.transaction
    join payments.payment p on p.customer_id = t.customer_id and p.id = t.payment_id`.execute(
    executor,
  );
  return new Map(rows.map((row) => [row.transaction, row]));
}

/** Operations that moved money by our book, in the order of their names, from behind `after` on. */
export async function listOurs(
  executor: Executor,
  input: Span & { readonly gateway: string; readonly after: string; readonly most: number },
): Promise<readonly Ours[]> {
  const { rows } = await sql<Ours>`
    select t.transaction, t.customer_id, t.payment_id, t.kind, t.role, t.amount_minor, t.currency, t.at, p.state
    from payments.gateway_transaction t
    join payments.payment p on p.customer_id = t.customer_id and p.id = t.payment_id
    where t.gateway = ${input.gateway} and t.transaction > ${input.after} and t.at >= ${input.from} and t.at < ${input.to}
      and t.role in ('settles', 'surplus', 'external', 'returned', 'conflict') and t.transaction not like 'dispute %'
      and p.state <> 'authorized'
    order by t.transaction limit ${input.most}`.execute(executor);
  return rows;
}

export interface Unanswered {
  readonly customer_id: bigint;
  readonly id: bigint;
  readonly amount_minor: bigint;
  readonly currency: string;
  readonly created_at: Date;
}

const UNANSWERED_MOST = 1000;

/** Of which nobody knows the end, and about which nobody is asked any more. */
export async function listUnanswered(
  executor: Executor,
  gateway: string,
): Promise<readonly Unanswered[]> {
  const { rows } = await sql<Unanswered>`
    select customer_id, id, amount_minor, currency, created_at from payments.payment
    where gateway = ${gateway} and closed_at is null and state = 'unknown' and method = 'card' and next_inquiry_at is null
    order by created_at limit ${UNANSWERED_MOST}`.execute(executor);
  return rows;
}

/** Seen now: for the first time, or once more. What was closed by hand stays so, unless the amounts are others. */
export async function keepDifferences(
  tx: Tx,
  input: { readonly gateway: string; readonly found: readonly Difference[]; readonly now: Date },
): Promise<void> {
  const { gateway, now } = input;
  const once = new Map(input.found.map((one) => [`${one.kind} ${one.subject}`, one]));
  const found = [...once.values()].toSorted((one, other) => {
    const [left, right] = [`${one.kind} ${one.subject}`, `${other.kind} ${other.subject}`];
    return left < right ? -1 : 1;
  });
  if (found.length === 0) return;
  const column = <Value>(read: (one: Difference) => Value) => found.map(read);
  await sql`
    insert into payments.difference as d (gateway, kind, subject, customer_id, payment_id, transaction, ours_minor,
      theirs_minor, currency, at, message, seen_at, last_seen_at)
    select ${gateway}, n.*, ${now}, ${now} from unnest(
      ${column((one) => one.kind)}::text[], ${column((one) => one.subject)}::text[],
      ${column((one) => one.payment?.customerId ?? null)}::bigint[], ${column((one) => one.payment?.id ?? null)}::bigint[],
      ${column((one) => one.transaction ?? null)}::text[], ${column((one) => one.oursMinor ?? null)}::bigint[],
      ${column((one) => one.theirsMinor ?? null)}::bigint[], ${column((one) => one.currency ?? null)}::text[],
      ${column((one) => one.at)}::timestamptz[], ${column((one) => one.message)}::text[]) as n
    on conflict (gateway, kind, subject) do update set last_seen_at = excluded.last_seen_at, gone_at = null,
      closed_at = case when d.ours_minor is not distinct from excluded.ours_minor
        and d.theirs_minor is not distinct from excluded.theirs_minor then d.closed_at end,
      message = excluded.message, ours_minor = excluded.ours_minor, theirs_minor = excluded.theirs_minor`.execute(
    tx,
  );
}

/**
 * Those that were not found again are gone: of what the list shows, within the span; of what it lacks, within the part of it
 * that is sure; of what nobody answers, all.
 */
export async function endDifferences(
  tx: Tx,
  input: Span & {
    readonly gateway: string;
    readonly sure: Span;
    /** Kinds that were looked for. */
    readonly kinds: readonly DifferenceKind[];
    readonly found: readonly Pick<Difference, 'kind' | 'subject'>[];
    readonly now: Date;
  },
): Promise<void> {
  const { found, kinds, sure } = input;
  await sql`
    update payments.difference d set gone_at = ${input.now}
    where d.gateway = ${input.gateway} and d.gone_at is null and d.kind = any (${[...kinds]}::text[])
      and case when d.kind = 'unanswered' then true
        when d.kind in ('missing_there', 'refund_missing_there') then d.at >= ${sure.from} and d.at < ${sure.to}
        else d.at >= ${input.from} and d.at < ${input.to} end
      and not exists (select from unnest(${found.map(({ kind }) => kind)}::text[],
        ${found.map(({ subject }) => subject)}::text[]) as f (kind, subject)
        where f.kind = d.kind and f.subject = d.subject)`.execute(tx);
}
