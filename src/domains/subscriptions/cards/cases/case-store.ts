import { type Executor, prepared, sql, type Tx } from '#database';
import type { BillKind, CardBill, CardCase, ChargedCard } from '#subscriptions/cards/card-case';
import { CARD } from '#subscriptions/sms-route';
import type { SubscriptionKey, SubscriptionStatus } from '#subscriptions/subscription';
import {
  moveFromRow,
  type PricedColumns,
  pricedFromColumns,
  pricedFromRow,
  receiptFromRow,
} from './stored-priced.ts';

interface CaseRow extends PricedColumns {
  readonly customer_id: bigint;
  readonly id: bigint;
  readonly msisdn: string;
  readonly email: string | null;
  readonly service_id: number;
  readonly terms_version: number;
  readonly status: SubscriptionStatus;
  readonly created_at: Date;
  readonly paid_until: Date | null;
  readonly due_at: Date | null;
  readonly ended_at: Date | null;
  readonly end_reason: string | null;
  readonly card_id: bigint | null;
  readonly card_gateway: string | null;
  readonly card_brand: string | null;
  readonly card_mask: string | null;
  readonly card_fingerprint: string | null;
  readonly locale: string;
  readonly bill_count: number;
  readonly noticed_period: number | null;
  readonly status_since: Date;
  readonly paused_until: Date | null;
  readonly card_payment_id: bigint | null;
  readonly attention: string | null;
  readonly move: unknown;
  readonly number: number | null;
  readonly kind: BillKind;
  readonly covers: number;
  readonly amount_minor: bigint;
  readonly currency: string;
  readonly state: CardBill['state'];
  readonly reason: string | null;
  readonly attempts: number;
  readonly opened_at: Date;
  readonly closed_at: Date | null;
  readonly last_payment_id: bigint | null;
  readonly total_minor: bigint;
  readonly tax_minor: bigint;
  readonly balance_used_minor: bigint;
  readonly after: unknown;
  readonly receipt: unknown;
  readonly first_declined_at: Date | null;
  readonly next_attempt_at: Date | null;
  readonly next_because: CardBill['nextBecause'];
  readonly told_reason: CardBill['toldReason'];
  readonly told_steps: number;
  readonly is_under_way: boolean;
  readonly page_payment: string | null;
}

const COLUMNS =
  sql.raw(`s.customer_id, s.id, c.msisdn, c.email, s.service_id, s.terms_version, s.status, s.created_at,
  s.paid_until, s.due_at, s.ended_at, s.end_reason, k.priced, k.payments, p.after as priced_after,
  k.card_id, k.card_gateway, k.card_brand, k.card_mask, k.card_fingerprint, k.locale, k.bill_count, k.noticed_period, k.status_since, k.paused_until,
  k.card_payment_id, k.attention, k.move, b.period as number, b.amount_minor,
  b.currency, b.state, b.reason, b.attempts, b.opened_at, b.closed_at, b.last_payment_id, x.kind, x.covers, x.total_minor,
  x.tax_minor, x.balance_used_minor, x.after, x.receipt, x.first_declined_at, x.next_attempt_at, x.next_because, x.told_reason, x.told_steps,
  x.is_under_way, x.page_payment`);

/**
 * Row by row along the keys. With joins of seven tables the planner would weigh thousands of orders, for ten times as long as the best
 * of them takes: each of these is looked up by itself, in the order in which it stands here.
 */
const rowOf = (table: string, alias: string, condition: string) =>
  `lateral (select * from subscriptions.${table} where ${condition} offset 0) as ${alias}`;
const HALVES = sql.raw(`
  cross join ${rowOf('card_subscription', 'k', 'customer_id = s.customer_id and id = s.id')}
  cross join ${rowOf('customer', 'c', 'id = s.customer_id')}
  left join ${rowOf('card_bill', 'p', 'k.priced is null and customer_id = s.customer_id and subscription_id = s.id and period = k.priced_bill')} on true`);
const OPEN_BILL = sql.raw(`
  left join ${rowOf('bill', 'b', 'customer_id = s.customer_id and subscription_id = s.id and closed_at is null')} on true
  left join ${rowOf('card_bill', 'x', 'customer_id = b.customer_id and subscription_id = b.subscription_id and period = b.period')} on true`);
const NAMED_BILL = sql.raw(`
  cross join ${rowOf('bill', 'b', 'customer_id = s.customer_id and subscription_id = s.id and period = n.number')}
  cross join ${rowOf('card_bill', 'x', 'customer_id = b.customer_id and subscription_id = b.subscription_id and period = b.period')}`);
const SUBSCRIPTION = sql.raw(
  `cross join ${rowOf('subscription', 's', `customer_id = n.customer_id and id = n.id and operator = '${CARD}'`)}`,
);

const keyArrays = (keys: readonly SubscriptionKey[]) =>
  sql`${keys.map((key) => key.customerId)}::bigint[], ${keys.map((key) => key.id)}::bigint[]`;

/**
 * Locks card subscriptions, then reads them with the bill that is open. Two statements: a bill that was opened while this waited is in
 * no snapshot from before. Those of operators are left out.
 */
export async function lockCases(
  tx: Tx,
  keys: readonly SubscriptionKey[],
): Promise<readonly CardCase[]> {
  if (keys.length === 0) return [];
  await lockRows(tx, keys);
  return readCases(tx, keys);
}

/** As `lockCases`, each with the bill that is named. */
export async function lockBilledCases(
  tx: Tx,
  bills: readonly (SubscriptionKey & { readonly number: number })[],
): Promise<readonly CardCase[]> {
  if (bills.length === 0) return [];
  await lockRows(tx, bills);
  return readBilledCases(tx, bills);
}

async function lockRows(tx: Tx, keys: readonly SubscriptionKey[]): Promise<void> {
  await sql`
    select from unnest(${keyArrays(keys)}) as n (customer_id, id)
    join subscriptions.subscription s on s.customer_id = n.customer_id and s.id = n.id and s.operator = ${CARD}
    order by s.customer_id, s.id for no key update of s`.execute(tx);
}

export async function readCases(
  executor: Executor,
  keys: readonly SubscriptionKey[],
): Promise<readonly CardCase[]> {
  const { rows } = await prepared<CaseRow>`
    select ${COLUMNS} from unnest(${keyArrays(keys)}) as n (customer_id, id)
    ${SUBSCRIPTION} ${HALVES} ${OPEN_BILL} order by s.customer_id, s.id`.execute(executor);
  return rows.map(fromRow);
}

/** Each with the bill that is named, open or not; the subscriptions are locked. */
export async function readBilledCases(
  tx: Tx,
  bills: readonly (SubscriptionKey & { readonly number: number })[],
): Promise<readonly CardCase[]> {
  const { rows } = await prepared<CaseRow>`
    select ${COLUMNS}
    from unnest(${keyArrays(bills)}, ${bills.map((bill) => bill.number)}::integer[]) as n (customer_id, id, number)
    ${SUBSCRIPTION} ${HALVES} ${NAMED_BILL} order by s.customer_id, s.id, b.period`.execute(tx);
  return rows.map(fromRow);
}

/** Claims what is due, the longest overdue first; what another copy holds is passed over. */
export async function claimDueCases(
  tx: Tx,
  input: { readonly now: Date; readonly most: number },
): Promise<readonly CardCase[]> {
  const { rows } = await sql<{ customer_id: bigint; id: bigint }>`
    select s.customer_id, s.id from subscriptions.subscription s
    where s.operator = ${CARD} and s.due_at <= ${input.now}
    order by s.due_at limit ${input.most} for no key update skip locked`.execute(tx);
  if (rows.length === 0) return [];
  return readCases(
    tx,
    rows.map((row) => ({ customerId: row.customer_id, id: row.id })),
  );
}

/** All alive ones of a customer, for what happens to his cards; at most one of a service. */
export async function lockCasesOf(tx: Tx, customerId: bigint): Promise<readonly CardCase[]> {
  const { rows } = await sql<{ id: bigint }>`
    select s.id from subscriptions.subscription s
    where s.customer_id = ${customerId} and s.operator = ${CARD} and s.ended_at is null
    order by s.id limit ${OF_CUSTOMER_MOST} for no key update`.execute(tx);
  return rows.length === 0
    ? []
    : readCases(
        tx,
        rows.map(({ id }) => ({ customerId, id })),
      );
}

const OF_CUSTOMER_MOST = 1000;

function fromRow(row: CaseRow): CardCase {
  const priced = pricedFromColumns(row);
  const bill = row.number === null ? null : billFromRow(row, row.number);
  return {
    key: { customerId: row.customer_id, id: row.id },
    ...{ msisdn: row.msisdn, email: row.email, locale: row.locale },
    ...{ serviceId: row.service_id, version: row.terms_version, status: row.status },
    ...{ createdAt: row.created_at, paidUntil: row.paid_until, dueAt: row.due_at },
    ...{ endedAt: row.ended_at, endReason: row.end_reason, attention: row.attention },
    ...{ billCount: row.bill_count, noticedPeriod: row.noticed_period },
    ...{ statusSince: row.status_since, pausedUntil: row.paused_until },
    ...{ priced, cardPayment: row.card_payment_id, bill, asRead: { bill, priced } },
    move: moveFromRow(row.move),
    card: cardFromRow(row),
  };
}

function cardFromRow(row: CaseRow): ChargedCard | null {
  if (row.card_id === null) return null;
  return {
    id: row.card_id,
    gateway: row.card_gateway ?? '',
    brand: row.card_brand ?? '',
    mask: row.card_mask ?? '',
    fingerprint: row.card_fingerprint ?? '',
  };
}

/** What is planned and under way of a bill ends with it: its row need not say so. */
const NOTHING_PLANNED = { nextAttemptAt: null, isUnderWay: false, pagePayment: null } as const;

function billFromRow(row: CaseRow, number: number): CardBill {
  const planned = {
    ...{ nextAttemptAt: row.next_attempt_at, isUnderWay: row.is_under_way },
    pagePayment: row.page_payment,
  };
  return {
    ...{ number, kind: row.kind, covers: row.covers, amountMinor: row.amount_minor },
    ...{ currency: row.currency, state: row.state, reason: row.reason, attempts: row.attempts },
    ...{ openedAt: row.opened_at, closedAt: row.closed_at, lastPayment: row.last_payment_id },
    ...{ totalMinor: row.total_minor, taxMinor: row.tax_minor },
    balanceUsedMinor: row.balance_used_minor,
    ...{ after: pricedFromRow(row.after), receipt: receiptFromRow(row.receipt) },
    ...{
      firstDeclinedAt: row.first_declined_at,
      ...(row.state === 'open' ? planned : NOTHING_PLANNED),
    },
    ...{ nextBecause: row.next_because, toldReason: row.told_reason, toldSteps: row.told_steps },
  };
}
