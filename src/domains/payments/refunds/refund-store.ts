import { type Executor, sql, type Tx } from '#database';
import type { PaymentState } from '#payments/payment';
import { COLUMNS, type Keys, keysOf, type PaymentRow } from '#payments/store';

/** A payment as it is looked at from outside. */
export interface PaymentDetail extends PaymentRow {
  readonly gateway: string;
  readonly refund_reason: string | null;
  /** Of a charge: asked back, and not failed. */
  readonly refunded_minor: bigint;
  readonly closed_at: Date | null;
}

const DETAIL = sql`${COLUMNS}, p.gateway, p.refund_reason, p.refunded_minor, p.closed_at`;

export interface PaymentKey {
  readonly customerId: bigint;
  readonly id: bigint;
}

export async function findPayment(
  executor: Executor,
  { customerId, id }: PaymentKey,
): Promise<PaymentDetail | undefined> {
  const { rows } = await sql<PaymentDetail>`
    select ${DETAIL} from payments.payment p where p.customer_id = ${customerId} and p.id = ${id}`.execute(
    executor,
  );
  return rows[0];
}

/** Whoever wants to give back of a charge holds it until he commits, so that two can't promise the same money. */
export async function lockPayment(
  tx: Tx,
  { customerId, id }: PaymentKey,
): Promise<PaymentDetail | undefined> {
  const { rows } = await sql<PaymentDetail>`
    select ${DETAIL} from payments.payment p
    where p.customer_id = ${customerId} and p.id = ${id} for no key update`.execute(tx);
  return rows[0];
}

/** Why a refund was begun by itself: the charge was under way when STOP was said. */
export const AFTER_STOP = 'after_stop';

const REFUNDS_SHOWN_MOST = 200;

/** All refunds under a reference, newest first. */
export async function findRefunds(
  executor: Executor,
  input: { readonly customerId: bigint; readonly reference: string },
): Promise<readonly PaymentDetail[]> {
  const { rows } = await sql<PaymentDetail>`
    select ${DETAIL} from payments.payment p
    where p.customer_id = ${input.customerId} and p.reference = ${input.reference} and p.kind = 'refund'
    order by p.id desc limit ${REFUNDS_SHOWN_MOST}`.execute(executor);
  return rows;
}

/** The newest first. What was only shown, or withdrawn before anything was sent, moved no money and is left out. */
export async function findPaymentsOfCustomer(
  executor: Executor,
  page: { readonly customerId: bigint; readonly before: bigint | null; readonly limit: number },
): Promise<readonly PaymentDetail[]> {
  const { rows } = await sql<PaymentDetail>`
    select ${DETAIL} from payments.payment p
    where p.customer_id = ${page.customerId} and (${page.before}::bigint is null or p.id < ${page.before})
      and p.state not in ('presented', 'withdrawn', 'expired')
    order by p.id desc limit ${page.limit}`.execute(executor);
  return rows;
}

export async function isRefundOpen(
  executor: Executor,
  input: { readonly customerId: bigint; readonly reference: string },
): Promise<boolean> {
  const { rows } = await sql`
    select from payments.payment
    where customer_id = ${input.customerId} and reference = ${input.reference} and closed_at is null
    limit 1`.execute(executor);
  return rows.length > 0;
}

export interface NewRefund {
  readonly customerId: bigint;
  readonly id: bigint;
  readonly chargeId: bigint;
  readonly amountMinor: bigint;
  readonly reference: string;
  readonly reason: string;
}

/**
 * Promises this much of each charge and writes its refund down, in one statement. One whose charge has not so much
 * left, or was not accepted, is left out of the answer.
 */
export async function insertRefunds(
  tx: Tx,
  input: {
    readonly refunds: readonly NewRefund[];
    readonly priority: number;
    readonly notAfter: Date;
    readonly now: Date;
  },
): Promise<readonly PaymentRow[]> {
  const { refunds } = input;
  const { rows } = await sql<PaymentRow>`
    with wanted as (
      select * from unnest(
        ${refunds.map((one) => one.customerId)}::bigint[], ${refunds.map((one) => one.chargeId)}::bigint[],
        ${refunds.map((one) => one.id)}::bigint[], ${refunds.map((one) => one.amountMinor)}::bigint[],
        ${refunds.map((one) => one.reference)}::text[], ${refunds.map((one) => one.reason)}::text[]
      ) as w (customer_id, charge_id, id, amount_minor, reference, reason)
    ), held as (
      select p.customer_id, p.id from payments.payment p
      join wanted w on w.customer_id = p.customer_id and w.charge_id = p.id
      order by p.customer_id, p.id for no key update of p
    ), charge as (
      update payments.payment p set refunded_minor = p.refunded_minor + w.amount_minor
      from wanted w join held h on h.customer_id = w.customer_id and h.id = w.charge_id
      where p.customer_id = w.customer_id and p.id = w.charge_id and p.kind = 'charge' and p.state = 'accepted'
        and p.refunded_minor + w.amount_minor <= p.amount_minor
      returning p.customer_id, p.id as charge_id, p.gateway, p.msisdn, p.currency, w.id, w.amount_minor, w.reference,
        w.reason, p.method, p.offer
    )
    insert into payments.payment as p
      (customer_id, id, gateway, msisdn, amount_minor, currency, reference, priority, not_after, created_at, kind,
        refund_of, refund_reason, method, offer)
    select customer_id, id, gateway, msisdn, amount_minor, currency, reference, ${input.priority}, ${input.notAfter},
      ${input.now}, 'refund', charge_id, reason, method, offer
    from charge
    returning ${COLUMNS}`.execute(tx);
  return rows;
}

/** A charge taken after STOP whose refund came to nothing, what is left of it, and how often it was tried. */
export interface ToGiveBack {
  readonly customer_id: bigint;
  readonly id: bigint;
  readonly reference: string;
  readonly left_minor: bigint;
  readonly tries: number;
}

/** Of these refunds' charges those that were taken after STOP. Their rows are locked, in order. */
export async function findToGiveBack(
  tx: Tx,
  refunds: readonly PaymentRow[],
): Promise<readonly ToGiveBack[]> {
  const { rows } = await sql<ToGiveBack>`
    with held as (
      select p.customer_id, p.id, p.reference, p.amount_minor - p.refunded_minor as left_minor
      from unnest(${refunds.map((row) => row.customer_id)}::bigint[], ${refunds.map((row) => row.refund_of)}::bigint[])
        as n (customer_id, id)
      join payments.payment p on p.customer_id = n.customer_id and p.id = n.id
      where p.stopped_at is not null and p.refunded_minor < p.amount_minor
      order by p.customer_id, p.id for no key update of p
    )
    select h.*, (select count(*)::int from payments.payment r where r.customer_id = h.customer_id
      and r.refund_of = h.id and r.refund_reason in (${AFTER_STOP}, 'surplus')) as tries
    from held h`.execute(tx);
  return rows.filter(({ tries }) => tries > 0);
}

const KEPT_STATES: readonly PaymentState[] = [
  ...(['new', 'claimed', 'sending', 'unknown', 'accepted'] as const),
  // Money went back, though not as asked for.
  'conflicted',
];

/** What was promised to refunds that came to nothing can be asked back again. Other rows are passed over. */
export async function releaseRefunds(tx: Tx, rows: readonly PaymentRow[]): Promise<void> {
  const lost = rows.filter((row) => row.kind === 'refund' && !KEPT_STATES.includes(row.state));
  if (lost.length === 0) return;
  await sql`
    with held as (
      select p.customer_id, p.id, n.amount_minor
      from unnest(${lost.map((row) => row.customer_id)}::bigint[], ${lost.map((row) => row.refund_of)}::bigint[],
        ${lost.map((row) => row.amount_minor)}::bigint[]) as n (customer_id, id, amount_minor)
      join payments.payment p on p.customer_id = n.customer_id and p.id = n.id
      order by p.customer_id, p.id for no key update of p
    )
    update payments.payment p set refunded_minor = p.refunded_minor - h.amount_minor
    from held h where p.customer_id = h.customer_id and p.id = h.id`.execute(tx);
}

/** A refund's charge as it was posted, and what other refunds have given back of it. */
export interface RefundBasis {
  readonly customer_id: bigint;
  /** The refund's. */
  readonly id: bigint;
  readonly charge_id: bigint;
  readonly amount_minor: bigint;
  readonly currency: string;
  readonly gateway: string;
  readonly allocation: bigint | null;
  readonly charge_reference: string;
  readonly refunded_minor: bigint;
}

export async function findRefundBases(
  executor: Executor,
  keys: Keys,
): Promise<readonly RefundBasis[]> {
  const { rows } = await sql<RefundBasis>`
    select r.customer_id, r.id, c.id as charge_id, c.amount_minor, c.currency, c.gateway, c.allocation,
      c.reference as charge_reference,
      (select coalesce(sum(x.amount_minor), 0)::bigint from payments.payment x
        where x.customer_id = r.customer_id and x.reference = r.reference and x.kind = 'refund'
          and x.state = 'accepted' and x.id <> r.id) as refunded_minor
    from ${keysOf(keys)}
    join payments.payment r on r.customer_id = k.customer_id and r.id = k.id
    join payments.payment c on c.customer_id = r.customer_id and c.id = r.refund_of
    order by r.customer_id, r.id`.execute(executor);
  return rows;
}
