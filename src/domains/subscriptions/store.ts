import { type Executor, prepared, sql, type Tx } from '#database';
import { aliveStatuses, type SubscriptionKey, type SubscriptionStatus } from './subscription.ts';

export interface SubscriptionRow {
  readonly customer_id: bigint;
  readonly id: bigint;
  readonly service_id: number;
  readonly terms_version: number;
  readonly operator: string;
  readonly consent_id: bigint;
  readonly status: SubscriptionStatus;
  readonly anchor_at: Date;
  readonly period: number;
  readonly paid_until: Date | null;
  readonly due_at: Date | null;
  readonly created_at: Date;
  readonly ended_at: Date | null;
  readonly end_reason: string | null;
  readonly msisdn: string;
}

/** A subscription and the bill that is open, or the one asked about. */
export interface BilledRow extends SubscriptionRow {
  readonly bill_period: number | null;
  readonly bill_attempts: number | null;
  readonly bill_opened_at: Date | null;
  readonly bill_state: string | null;
  /** The newest payment whose response was heard. */
  readonly bill_payment: bigint | null;
}

const COLUMNS =
  sql.raw(`s.customer_id, s.id, s.service_id, s.terms_version, s.operator, s.consent_id, s.status,
  s.anchor_at, s.period, s.paid_until, s.due_at, s.created_at, s.ended_at, s.end_reason, c.msisdn`);
const BILL =
  sql.raw(`b.period as bill_period, b.attempts as bill_attempts, b.opened_at as bill_opened_at,
  b.state as bill_state, b.last_payment_id as bill_payment`);
const alive = sql`any (${aliveStatuses}::text[])`;

const keyArrays = (keys: readonly SubscriptionKey[]) =>
  sql`${keys.map((key) => key.customerId)}::bigint[], ${keys.map((key) => key.id)}::bigint[]`;

export interface NewSubscriptionRow extends SubscriptionKey {
  readonly consentCustomerId: bigint;
  readonly consentId: bigint;
  readonly operator: string;
}

/** Writes a subscription for each consent; one that has its subscription already is left out of the answer. */
export async function insertSubscriptions(
  tx: Tx,
  input: { readonly rows: readonly NewSubscriptionRow[]; readonly now: Date },
): Promise<readonly SubscriptionRow[]> {
  const { now, rows } = input;
  const inserted = await sql<SubscriptionRow>`
    with s as (
      insert into subscriptions.subscription
        (customer_id, id, service_id, terms_version, operator, consent_id, status, anchor_at, created_at)
      select n.customer_id, n.id, k.service_id, k.terms_version, n.operator, k.id, 'registered', k.confirmed_at, ${now}
      from unnest(${keyArrays(rows)}, ${rows.map((row) => row.consentId)}::bigint[],
        ${rows.map((row) => row.operator)}::text[]) as n (customer_id, id, consent_id, operator)
      join subscriptions.consent k on k.customer_id = n.customer_id and k.id = n.consent_id
      on conflict (consent_id) do nothing
      returning *
    )
    select ${COLUMNS} from s join subscriptions.customer c on c.id = s.customer_id order by s.id`.execute(
    tx,
  );
  return inserted.rows;
}

/** Locks customers in the order of their ids: STOP and the first charge meet here, one after the other. */
export async function lockCustomers(tx: Tx, ids: readonly bigint[]): Promise<void> {
  await sql`
    select from subscriptions.customer where id = any (${ids}::bigint[]) order by id for no key update`.execute(
    tx,
  );
}

/** Locks these subscriptions, with the bill that is open. */
export async function lockSubscriptions(
  tx: Tx,
  keys: readonly SubscriptionKey[],
): Promise<readonly BilledRow[]> {
  const { rows } = await sql<BilledRow>`
    select ${COLUMNS}, ${BILL}
    from unnest(${keyArrays(keys)}) as k (customer_id, id)
    join subscriptions.subscription s on s.customer_id = k.customer_id and s.id = k.id
    join subscriptions.customer c on c.id = s.customer_id
    left join subscriptions.bill b on b.customer_id = s.customer_id and b.subscription_id = s.id and b.closed_at is null
    order by s.customer_id, s.id for no key update of s`.execute(tx);
  return rows;
}

/**
 * Locks the subscriptions of these bills, each with that very bill, open or not. The bill is locked too: it would
 * else be read as it was before whoever held the subscription let it go.
 */
export async function lockBilled(
  tx: Tx,
  bills: readonly (SubscriptionKey & { readonly period: number })[],
): Promise<readonly BilledRow[]> {
  const { rows } = await sql<BilledRow>`
    select ${COLUMNS}, ${BILL}
    from unnest(${keyArrays(bills)}, ${bills.map((bill) => bill.period)}::integer[]) as k (customer_id, id, period)
    join subscriptions.subscription s on s.customer_id = k.customer_id and s.id = k.id
    join subscriptions.customer c on c.id = s.customer_id
    join subscriptions.bill b on b.customer_id = s.customer_id and b.subscription_id = s.id and b.period = k.period
    order by s.customer_id, s.id for no key update of s, b`.execute(tx);
  return rows;
}

/** Claims what is due, the longest overdue first; what another copy holds is passed over. */
export async function lockDue(
  tx: Tx,
  input: { readonly operator: string; readonly now: Date; readonly most: number },
): Promise<readonly BilledRow[]> {
  const { rows } = await sql<BilledRow>`
    with due as (
      select s.customer_id, s.id from subscriptions.subscription s
      where s.operator = ${input.operator} and s.due_at <= ${input.now}
      order by s.due_at limit ${input.most} for no key update skip locked
    )
    select ${COLUMNS}, ${BILL}
    from due
    join subscriptions.subscription s on s.customer_id = due.customer_id and s.id = due.id
    join subscriptions.customer c on c.id = s.customer_id
    left join subscriptions.bill b on b.customer_id = s.customer_id and b.subscription_id = s.id and b.closed_at is null
    order by s.customer_id, s.id`.execute(tx);
  return rows;
}

/** Why a newcomer may not begin: another one is alive, or one was made too recently. */
export async function findRivals(
  tx: Tx,
  input: { readonly keys: readonly SubscriptionKey[] },
): Promise<ReadonlyMap<bigint, 'alive' | 'recent'>> {
  const { rows } = await sql<{ id: bigint; rival: 'alive' | 'recent' }>`
    select s.id, min(case when o.status = ${alive} then 'alive' else 'recent' end) as rival
    from unnest(${keyArrays(input.keys)}) as k (customer_id, id)
    join subscriptions.subscription s on s.customer_id = k.customer_id and s.id = k.id
    join subscriptions.service_terms t on t.service_id = s.service_id and t.version = s.terms_version
    join subscriptions.subscription o on o.customer_id = s.customer_id and o.service_id = s.service_id and o.id <> s.id
      and o.status <> all ('{registered,rejected,blacklisted,postpaid}')
    where o.status = ${alive} or o.anchor_at > s.anchor_at - make_interval(hours => t.recent_hours)
    group by s.id`.execute(tx);
  return new Map(rows.map((row) => [row.id, row.rival]));
}

/** Of these, the ones whose customer has said STOP since the consent (for this service, or for all). */
export async function findStopped(
  tx: Tx,
  keys: readonly SubscriptionKey[],
): Promise<ReadonlySet<bigint>> {
  const { rows } = await sql<{ id: bigint }>`
    select s.id from unnest(${keyArrays(keys)}) as k (customer_id, id)
    join subscriptions.subscription s on s.customer_id = k.customer_id and s.id = k.id
    where exists (
      select from subscriptions.stop x where x.customer_id = s.customer_id
        and (x.service_id is null or x.service_id = s.service_id) and x.said_at >= s.anchor_at
    )`.execute(tx);
  return new Set(rows.map((row) => row.id));
}

export interface SubscriptionChange extends SubscriptionKey {
  readonly status: SubscriptionStatus;
  readonly period: number;
  readonly dueAt: Date | null;
  readonly paidUntil: Date | null;
  readonly endedAt: Date | null;
  readonly endReason: string | null;
}

export async function writeSubscriptions(
  tx: Tx,
  changes: readonly SubscriptionChange[],
): Promise<void> {
  if (changes.length === 0) return;
  await sql`
    update subscriptions.subscription s set status = n.status, period = n.period, due_at = n.due_at,
      paid_until = n.paid_until, ended_at = n.ended_at, end_reason = n.end_reason
    from unnest(${keyArrays(changes)}, ${changes.map((one) => one.status)}::text[],
      ${changes.map((one) => one.period)}::integer[], ${changes.map((one) => one.dueAt)}::timestamptz[],
      ${changes.map((one) => one.paidUntil)}::timestamptz[], ${changes.map((one) => one.endedAt)}::timestamptz[],
      ${changes.map((one) => one.endReason)}::text[]
    ) as n (customer_id, id, status, period, due_at, paid_until, ended_at, end_reason)
    where s.customer_id = n.customer_id and s.id = n.id`.execute(tx);
}

export interface BillChange {
  readonly subscription: SubscriptionKey;
  readonly period: number;
  readonly state: 'open' | 'paid' | 'void' | 'uncollectible';
  readonly reason: string | null;
  readonly attempts: number;
  readonly closedAt: Date | null;
  /** The payment whose response this follows. */
  readonly paymentId?: bigint;
}

export async function closeBills(tx: Tx, bills: readonly BillChange[]): Promise<void> {
  if (bills.length === 0) return;
  await sql`
    update subscriptions.bill b set state = n.state, reason = n.reason, attempts = n.attempts, closed_at = n.closed_at,
      last_payment_id = coalesce(n.payment_id, b.last_payment_id)
    from unnest(${keyArrays(bills.map((bill) => bill.subscription))}, ${bills.map((bill) => bill.period)}::integer[],
      ${bills.map((bill) => bill.state)}::text[], ${bills.map((bill) => bill.reason)}::text[],
      ${bills.map((bill) => bill.attempts)}::smallint[], ${bills.map((bill) => bill.closedAt)}::timestamptz[],
      ${bills.map((bill) => bill.paymentId ?? null)}::bigint[]
    ) as n (customer_id, subscription_id, period, state, reason, attempts, closed_at, payment_id)
    where b.customer_id = n.customer_id and b.subscription_id = n.subscription_id and b.period = n.period`.execute(
    tx,
  );
}

export interface NewBill {
  readonly subscription: SubscriptionKey;
  readonly period: number;
  readonly amountMinor: bigint;
  readonly currency: string;
  readonly state: 'open' | 'void';
  readonly reason: string | null;
}

/** Opens bills, and writes down those of missed periods as `void`. */
export async function insertBills(tx: Tx, bills: readonly NewBill[], now: Date): Promise<void> {
  if (bills.length === 0) return;
  await prepared`
    insert into subscriptions.bill
      (customer_id, subscription_id, period, amount_minor, currency, state, reason, opened_at, closed_at)
    select customer_id, subscription_id, period, amount_minor, currency, state, reason, ${now},
      case when state = 'open' then null else ${now}::timestamptz end
    from unnest(${keyArrays(bills.map((bill) => bill.subscription))}, ${bills.map((bill) => bill.period)}::integer[],
      ${bills.map((bill) => bill.amountMinor)}::bigint[], ${bills.map((bill) => bill.currency)}::text[],
      ${bills.map((bill) => bill.state)}::text[], ${bills.map((bill) => bill.reason)}::text[]
    ) as n (customer_id, subscription_id, period, amount_minor, currency, state, reason)`.execute(
    tx,
  );
}

/** True when it is new; false when the very same word was stored before. The customer is locked. */
export async function insertStop(
  tx: Tx,
  stop: {
    readonly customerId: bigint;
    readonly id: bigint;
    readonly serviceId: number | null;
    readonly channel: string;
    readonly evidence: string;
    readonly saidAt: Date;
  },
): Promise<boolean> {
  const { channel, customerId, evidence, id, saidAt, serviceId } = stop;
  const { rows } = await sql`
    insert into subscriptions.stop (customer_id, id, service_id, channel, evidence, said_at)
    select ${customerId}, ${id}, ${serviceId}::integer, ${channel}, ${evidence}, ${saidAt}
    where not exists (
      select from subscriptions.stop x where x.customer_id = ${customerId} and x.channel = ${channel}
        and x.evidence = ${evidence} and x.said_at = ${saidAt}
        and x.service_id is not distinct from ${serviceId}::integer
    )
    returning id`.execute(tx);
  return rows.length > 0;
}

/** Locks what a STOP ends: alive subscriptions and those still at the door, of one service or of all. */
export async function lockStoppable(
  tx: Tx,
  input: { readonly customerId: bigint; readonly serviceId: number | null; readonly saidAt: Date },
): Promise<readonly BilledRow[]> {
  const stoppable = sql`s.customer_id = ${input.customerId} and (s.status = ${alive} or s.status = 'registered')
    and (${input.serviceId}::integer is null or s.service_id = ${input.serviceId}) and s.anchor_at <= ${input.saidAt}`;
  // Two statements: a bill that was opened while this waited for its subscription is in no snapshot from before.
  await sql`
    select from subscriptions.subscription s where ${stoppable} order by s.id for no key update`.execute(
    tx,
  );
  const { rows } = await sql<BilledRow>`
    select ${COLUMNS}, ${BILL}
    from subscriptions.subscription s
    join subscriptions.customer c on c.id = s.customer_id
    left join subscriptions.bill b on b.customer_id = s.customer_id and b.subscription_id = s.id and b.closed_at is null
    where ${stoppable} order by s.id for no key update of s`.execute(tx);
  return rows;
}

export async function findSubscription(
  executor: Executor,
  key: SubscriptionKey,
): Promise<SubscriptionRow | undefined> {
  const { rows } = await sql<SubscriptionRow>`
    select ${COLUMNS} from subscriptions.subscription s join subscriptions.customer c on c.id = s.customer_id
    where s.customer_id = ${key.customerId} and s.id = ${key.id}`.execute(executor);
  return rows[0];
}

export async function findSubscriptionsOf(
  executor: Executor,
  input: { readonly msisdn: string; readonly before: bigint | null; readonly limit: number },
): Promise<readonly SubscriptionRow[]> {
  const { rows } = await sql<SubscriptionRow>`
    select ${COLUMNS} from subscriptions.customer c join subscriptions.subscription s on s.customer_id = c.id
    where c.msisdn = ${input.msisdn} and (${input.before}::bigint is null or s.id < ${input.before})
    order by s.id desc limit ${input.limit}`.execute(executor);
  return rows;
}

export interface BillRow {
  readonly period: number;
  readonly amount_minor: bigint;
  readonly currency: string;
  readonly state: string;
  readonly reason: string | null;
  readonly attempts: number;
  readonly opened_at: Date;
  readonly closed_at: Date | null;
}

const BILLS_SHOWN_MOST = 200;

export async function findBills(
  executor: Executor,
  key: SubscriptionKey,
): Promise<readonly BillRow[]> {
  const { rows } = await sql<BillRow>`
    select period, amount_minor, currency, state, reason, attempts, opened_at, closed_at
    from subscriptions.bill where customer_id = ${key.customerId} and subscription_id = ${key.id}
    order by period desc limit ${BILLS_SHOWN_MOST}`.execute(executor);
  return rows;
}

export interface Counts {
  readonly subscriptions: bigint;
  readonly alive: bigint;
  readonly due: bigint;
}

export async function countSubscriptions(executor: Executor, now: Date): Promise<Counts> {
  const { rows } = await sql<Counts>`
    select count(*) as subscriptions, count(*) filter (where status = ${alive}) as alive,
      count(*) filter (where due_at <= ${now}) as due
    from subscriptions.subscription`.execute(executor);
  return rows[0] as Counts;
}
