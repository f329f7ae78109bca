import { deferred, type Executor, sql, type Tx } from '#database';
import { isOnNoList } from '#operators';
import { offerToRow, type StoredOffer } from './offer.ts';
import {
  type ChargeRequest,
  type PaymentKind,
  type PaymentState,
  statesBefore,
} from './payment.ts';

/** A payment in a worker's hand. */
export interface PaymentRow {
  readonly customer_id: bigint;
  readonly id: bigint;
  readonly msisdn: string;
  readonly amount_minor: bigint;
  readonly currency: string;
  readonly reference: string;
  readonly priority: number;
  readonly not_after: Date;
  readonly state: PaymentState;
  readonly attempts: number;
  readonly reason: string | null;
  readonly sent_at: Date | null;
  readonly stopped_at: Date | null;
  readonly inquiries: number;
  readonly allocation: bigint | null;
  readonly kind: PaymentKind;
  readonly refund_of: bigint | null;
  readonly created_at: Date;
  readonly method: 'phone' | 'card';
  readonly card_id: bigint | null;
  readonly offer: StoredOffer | null;
  readonly gateway_reference: string | null;
  /** Of a refund by card: what the gateway calls its charge. */
  readonly charge_transaction: string | null;
}

export const COLUMNS =
  sql.raw(`p.customer_id, p.id, p.msisdn, p.amount_minor, p.currency, p.reference,
  p.priority, p.not_after, p.state, p.attempts, p.reason, p.sent_at, p.stopped_at, p.inquiries, p.allocation,
  p.kind, p.refund_of, p.created_at, p.method, p.card_id, p.offer, p.gateway_reference,
  case when p.method = 'card' and p.refund_of is not null then (
    select c.gateway_reference from payments.payment c where c.customer_id = p.customer_id and c.id = p.refund_of)
  end as charge_transaction`);

const before = (step: Parameters<typeof statesBefore>[0]) =>
  sql`any (${statesBefore(step)}::text[])`;

export interface Keys {
  readonly customers: readonly bigint[];
  readonly ids: readonly bigint[];
}

export const keysOf = (keys: Keys) =>
  sql`unnest(${keys.customers}::bigint[], ${keys.ids}::bigint[]) as k (customer_id, id)`;

/** One statement for all; a second open payment for one reference is a bug and fails the whole. */
export async function insertPayments(
  tx: Tx,
  input: {
    readonly payments: readonly (ChargeRequest & { readonly id: bigint })[];
    readonly now: Date;
  },
): Promise<void> {
  const { payments, now } = input;
  await deferred`
    insert into payments.payment
      (customer_id, id, gateway, msisdn, amount_minor, currency, reference, priority, not_after, allocation, card_id,
        method, offer, created_at)
    select customer_id, id, gateway, msisdn, amount_minor, currency, reference, priority, not_after, allocation, card_id,
      case when offer is null then 'phone' else 'card' end, offer::jsonb, ${now}
    from unnest(
      ${payments.map((one) => one.customerId)}::bigint[], ${payments.map((one) => one.id)}::bigint[],
      ${payments.map((one) => one.gateway)}::text[], ${payments.map((one) => one.msisdn)}::text[],
      ${payments.map((one) => one.amountMinor)}::bigint[], ${payments.map((one) => one.currency)}::text[],
      ${payments.map((one) => one.reference)}::text[], ${payments.map((one) => one.priority)}::smallint[],
      ${payments.map((one) => one.notAfter)}::timestamptz[],
      ${payments.map((one) => one.allocation ?? null)}::bigint[], ${payments.map((one) => one.cardId ?? null)}::bigint[],
      ${payments.map((one) => (one.offer ? offerToRow(one.offer) : null))}::text[]
    ) as n (customer_id, id, gateway, msisdn, amount_minor, currency, reference, priority, not_after, allocation, card_id,
      offer)`.execute(tx);
}

/** Takes payments by the ids of their requests: those that are past their time end here as `expired`. */
export async function claimPayments(
  tx: Tx,
  input: {
    readonly keys: Keys;
    readonly owner: string;
    readonly leaseMs: number;
    readonly now: Date;
  },
): Promise<PaymentRow[]> {
  const { rows } = await sql<PaymentRow>`
    update payments.payment p set
      state = case when p.not_after > ${input.now} then 'claimed' else 'expired' end,
      closed_at = case when p.not_after > ${input.now} then null else ${input.now}::timestamptz end,
      owner = ${input.owner},
      lease_until = clock_timestamp() + make_interval(secs => ${input.leaseMs / 1000})
    from ${keysOf(input.keys)}
    where p.customer_id = k.customer_id and p.id = k.id and p.state = 'new'
    returning ${COLUMNS}`.execute(tx);
  return rows;
}

/** Takes over what a worker that died had claimed and not begun. */
export async function adoptClaimed(
  tx: Tx,
  input: {
    readonly gateway: string;
    readonly owner: string;
    readonly leaseMs: number;
    readonly most: number;
  },
): Promise<PaymentRow[]> {
  const { rows } = await sql<PaymentRow>`
    update payments.payment p set owner = ${input.owner},
      lease_until = clock_timestamp() + make_interval(secs => ${input.leaseMs / 1000})
    from (
      select customer_id, id from payments.payment
      where gateway = ${input.gateway} and closed_at is null and state = 'claimed'
        and lease_until < clock_timestamp()
      order by customer_id, id limit ${input.most} for update skip locked
    ) k
    where p.customer_id = k.customer_id and p.id = k.id
    returning ${COLUMNS}`.execute(tx);
  return rows;
}

/**
 * The step that decides every race: a payment is `sending` only if at this very moment it is still claimed by
 * us, was not withdrawn, is in time, and its number stands on no list: no list stops a refund.
 */
export async function markSending(
  executor: Executor,
  input: {
    readonly keys: Keys;
    readonly owner: string;
    readonly leaseMs: number;
    readonly now: Date;
  },
): Promise<PaymentRow[]> {
  const { rows } = await sql<PaymentRow>`
    update payments.payment p set state = 'sending', sent_at = ${input.now}, attempts = p.attempts + 1,
      calls = 1 + p.attempts + p.inquiries,
      lease_until = clock_timestamp() + make_interval(secs => ${input.leaseMs / 1000})
    from ${keysOf(input.keys)}
    where p.customer_id = k.customer_id and p.id = k.id and p.state = ${before('send')}
      and p.owner = ${input.owner} and p.lease_until > clock_timestamp() and p.not_after > ${input.now}
      and (p.kind = 'refund' or p.method = 'card' or ${isOnNoList('p.msisdn')})
      and (p.kind = 'refund' or p.card_id is null or ${isKept})
    returning ${COLUMNS}`.execute(executor);
  return rows;
}

/** A card that its holder has removed is not charged, whatever was planned: this very statement decides. */
const isKept = sql`exists (select from payments.card c
  where c.customer_id = p.customer_id and c.id = p.card_id and c.removed_at is null)`;

/** Ends those that could not be sent although we still hold them: too late, or their number is listed. */
export async function closeUnsendable(
  tx: Tx,
  input: {
    readonly keys: Keys;
    readonly owner: string;
    readonly now: Date;
    readonly listed: readonly string[];
    readonly reasons: readonly string[];
  },
): Promise<PaymentRow[]> {
  const { rows } = await sql<PaymentRow>`
    update payments.payment p set closed_at = ${input.now},
      state = case when l.reason is null and (p.card_id is null or ${isKept}) then 'expired' else 'declined' end,
      reason = case when p.card_id is null or ${isKept} then l.reason else 'card_removed' end
    from ${keysOf(input.keys)}, payments.payment q
    left join unnest(${input.listed}::text[], ${input.reasons}::text[]) as l (msisdn, reason)
      on l.msisdn = q.msisdn and q.kind = 'charge' and q.method = 'phone'
    where p.customer_id = k.customer_id and p.id = k.id and q.customer_id = k.customer_id and q.id = k.id
      and p.state = 'claimed' and p.owner = ${input.owner}
      and (p.not_after <= ${input.now} or l.reason is not null
        or (p.kind = 'charge' and p.card_id is not null and not ${isKept}))
    returning ${COLUMNS}`.execute(tx);
  return rows;
}

/** What one attempt came to. Arrays of one length, in the order of their payments. */
export interface AttemptResult {
  readonly customerId: bigint;
  readonly id: bigint;
  readonly attempt: number;
  readonly state: PaymentState;
  readonly outcome:
    | 'accepted'
    | 'authorized'
    | 'conflicted'
    | 'declined'
    | 'failed'
    | 'not_sent'
    | 'unknown';
  readonly reason: string | null;
  readonly gatewayReference: string | null;
  readonly amountMinor: bigint;
  readonly sentAt: Date | null;
  /** Real time from now until it is asked about; only for `unknown`. */
  readonly askAfterMs: number | null;
}

/** What was certainly not sent goes out again, unless STOP was said while it was under way. */
const comesBack = sql`(r.state = 'new' and p.stopped_at is null)`;

/**
 * Settles attempts and writes them down. A result counts while its payment waits for it: `sending`, or already
 * `unknown` because the lease ended before the answer came. Answers the payments that changed.
 */
export async function settleAttempts(
  tx: Tx,
  input: { readonly results: readonly AttemptResult[]; readonly now: Date },
): Promise<PaymentRow[]> {
  const { results, now } = input;
  const { rows } = await sql<PaymentRow>`
    with result as (
      select * from unnest(
        ${results.map((one) => one.customerId)}::bigint[], ${results.map((one) => one.id)}::bigint[],
        ${results.map((one) => one.attempt)}::smallint[], ${results.map((one) => one.state)}::text[],
        ${results.map((one) => one.outcome)}::text[], ${results.map((one) => one.reason)}::text[],
        ${results.map((one) => one.gatewayReference)}::text[], ${results.map((one) => one.sentAt)}::timestamptz[],
        ${results.map((one) => one.askAfterMs)}::float8[], ${results.map((one) => one.amountMinor)}::bigint[]
      ) as r (customer_id, id, attempt, state, outcome, reason, gateway_reference, sent_at, ask_after_ms, amount_minor)
    ), posting as (
      -- Whoever settles posts: a version that does not is known by its silence.
      select set_config('kopek.posts', 'on', true)
    ), settled as (
      update payments.payment p set reason = r.reason,
        -- Of what was reserved a part may be taken.
        amount_minor = case when p.state = 'authorized' then r.amount_minor else p.amount_minor end,
        state = case when r.state = 'new' and p.stopped_at is not null then 'withdrawn' else r.state end,
        gateway_reference = coalesce(r.gateway_reference, p.gateway_reference),
        -- Nothing of it goes out any more: from here on "not found" becomes a fact with time.
        lease_until = case when r.state = 'unknown' then clock_timestamp() else p.lease_until end,
        next_inquiry_at = clock_timestamp() + make_interval(secs => r.ask_after_ms / 1000),
        closed_at = case when r.state in ('unknown', 'authorized') or ${comesBack} then null
          else ${now}::timestamptz end
      from result r, posting
      where p.customer_id = r.customer_id and p.id = r.id and p.attempts = r.attempt
        and (p.state = 'sending' or (p.state = 'unknown' and r.state <> 'unknown')
          or (p.state = 'presented' and r.state in ('accepted', 'authorized', 'conflicted'))
          -- Of a reservation only its own operation says more; another one beside it is one too many.
          or (p.state = 'authorized' and r.state in ('accepted', 'conflicted')
            and p.gateway_reference is not distinct from r.gateway_reference))
      returning ${COLUMNS}
    ), written as (
      insert into payments.attempt (customer_id, payment_id, number, outcome, reason, sent_at, ended_at)
      select r.customer_id, r.id, r.attempt, r.outcome, r.reason, r.sent_at, ${now}
      from result r join settled s on s.customer_id = r.customer_id and s.id = r.id
      on conflict (customer_id, payment_id, number) do update
        set outcome = excluded.outcome, reason = excluded.reason, ended_at = excluded.ended_at
    )
    select * from settled`.execute(tx);
  return rows;
}

/** Whose worker died between the sending and the record: nobody knows what came of it. */
export async function findLostSendings(
  tx: Tx,
  input: { readonly gateway: string; readonly most: number },
): Promise<PaymentRow[]> {
  const { rows } = await sql<PaymentRow>`
    select ${COLUMNS} from payments.payment p
    where p.gateway = ${input.gateway} and p.closed_at is null and p.state = 'sending'
      and p.lease_until < clock_timestamp()
    order by p.customer_id, p.id limit ${input.most} for update skip locked`.execute(tx);
  return rows;
}

/** Unknown payments whose next question is due; the question is put off meanwhile, so that one asks at a time. */
export async function claimInquiries(
  executor: Executor,
  input: { readonly gateway: string; readonly leaseMs: number; readonly most: number },
): Promise<(PaymentRow & { readonly unknown_for_ms: number })[]> {
  const { rows } = await sql<PaymentRow & { unknown_for_ms: number }>`
    update payments.payment p set inquiries = p.inquiries + 1, calls = 1 + p.attempts + p.inquiries,
      next_inquiry_at = clock_timestamp() + make_interval(secs => ${input.leaseMs / 1000})
    from (
      select customer_id, id from payments.payment
      where gateway = ${input.gateway} and closed_at is null and state = 'unknown'
        and next_inquiry_at < clock_timestamp()
      order by next_inquiry_at limit ${input.most} for update skip locked
    ) k
    where p.customer_id = k.customer_id and p.id = k.id
    returning ${COLUMNS},
      (extract(epoch from clock_timestamp() - p.lease_until) * 1000)::float8 as unknown_for_ms`.execute(
    executor,
  );
  return rows;
}

/** Without a delay nobody is asked again: it waits for the operator's file, or for people. */
export async function askAgainLater(
  executor: Executor,
  input: { readonly keys: Keys; readonly delayMs: number | null },
): Promise<void> {
  await sql`
    update payments.payment p
    set next_inquiry_at = clock_timestamp() + make_interval(secs => ${input.delayMs === null ? null : input.delayMs / 1000})
    from ${keysOf(input.keys)}
    where p.customer_id = k.customer_id and p.id = k.id and p.state = 'unknown'`.execute(executor);
}

/** Ends unsent payments for these references; those under way are marked, so that their end is judged by it. */
export async function withdrawPayments(
  tx: Tx,
  input: {
    readonly customerId: bigint;
    readonly references: readonly string[];
    readonly reason: string;
    readonly now: Date;
  },
): Promise<PaymentRow[]> {
  const { rows } = await sql<PaymentRow>`
    with k as (
      select customer_id, id from payments.payment
      where customer_id = ${input.customerId} and reference = any (${input.references}::text[])
        and closed_at is null and kind = 'charge'
      order by id for no key update
    )
    update payments.payment p set
      state = case when p.state = ${before('withdraw')} then 'withdrawn' else p.state end,
      closed_at = case when p.state = ${before('withdraw')} then ${input.now}::timestamptz end,
      reason = case when p.state = ${before('withdraw')} then ${input.reason} else p.reason end,
      stopped_at = ${input.now}
    from k where p.customer_id = k.customer_id and p.id = k.id and p.closed_at is null
    returning ${COLUMNS}`.execute(tx);
  return rows;
}

/**
 * How many payments wait for a gateway or are under way, counted up to `most`. Unknown ones are in no queue: where
 * nobody can be asked about them they may stay for weeks, and must not stop all others. Neither are pages that payers
 * have before them, and reservations.
 */
export async function countOpen(
  executor: Executor,
  gateway: string,
  most: number,
): Promise<number> {
  const { rows } = await sql<{ open: bigint }>`
    select count(*) as open from (
      select from payments.payment
      where gateway = ${gateway} and closed_at is null
        and state not in ('unknown', 'presented', 'authorized') limit ${most}
    ) counted`.execute(executor);
  return Number(rows[0]?.open ?? 0n);
}

export async function countByState(
  executor: Executor,
): Promise<readonly { gateway: string; state: string; count: bigint }[]> {
  const { rows } = await sql<{ gateway: string; state: string; count: bigint }>`
    select gateway, state, count(*) as count from payments.payment
    where closed_at is null group by gateway, state`.execute(executor);
  return rows;
}

export interface PaymentView {
  readonly id: bigint;
  readonly reference: string;
  readonly amount_minor: bigint;
  readonly currency: string;
  readonly state: PaymentState;
  readonly reason: string | null;
  readonly attempts: number;
  readonly created_at: Date;
  readonly closed_at: Date | null;
}

export async function findPaymentsOf(
  executor: Executor,
  customerId: bigint,
  references: readonly string[],
): Promise<readonly PaymentView[]> {
  const { rows } = await sql<PaymentView>`
    select id, reference, amount_minor, currency, state, reason, attempts, created_at, closed_at
    from payments.payment
    where customer_id = ${customerId} and reference = any (${references}::text[])
    order by id limit 1000`.execute(executor);
  return rows;
}

export interface AttemptRow {
  readonly number: number;
  readonly outcome: string;
  readonly reason: string | null;
  readonly sent_at: Date | null;
  readonly ended_at: Date;
}

const ATTEMPTS_SHOWN_MOST = 200;

/** What became of each attempt of a payment. */
export async function findAttempts(
  executor: Executor,
  key: { readonly customerId: bigint; readonly id: bigint },
): Promise<readonly AttemptRow[]> {
  const { rows } = await sql<AttemptRow>`
    select number, outcome, reason, sent_at, ended_at from payments.attempt
    where customer_id = ${key.customerId} and payment_id = ${key.id}
    order by number limit ${ATTEMPTS_SHOWN_MOST}`.execute(executor);
  return rows;
}
