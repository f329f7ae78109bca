import { deferred, deferredAnew, sql, type Tx } from '#database';
import type { CardBill, CardCase, CardDecline } from '#subscriptions/cards/card-case';
import type { QuoteLine } from '#subscriptions/pricing';
import type { SubscriptionKey } from '#subscriptions/subscription';
import { moveToRow, pricedToColumns, pricedToRow, receiptToRow } from './stored-priced.ts';

const keyArrays = (keys: readonly SubscriptionKey[]) =>
  sql`${keys.map((key) => key.customerId)}::bigint[], ${keys.map((key) => key.id)}::bigint[]`;

/** What a new card subscription has besides its case. */
export interface NewCase {
  readonly one: CardCase;
  readonly consentId: bigint;
}

/** Fails on `subscription_one_alive_per_service` where one was made this very moment. */
export async function insertCases(
  tx: Tx,
  cases: readonly NewCase[],
  operator: string,
): Promise<void> {
  const keys = keyArrays(cases.map(({ one }) => one.key));
  await sql`
    insert into subscriptions.subscription (customer_id, id, service_id, terms_version, operator, consent_id, status,
      anchor_at, period, due_at, created_at)
    select customer_id, id, service_id, version, ${operator}, consent_id, status, created_at, -1, due_at, created_at
    from unnest(${keys}, ${cases.map(({ one }) => one.serviceId)}::integer[],
      ${cases.map(({ one }) => one.version)}::integer[], ${cases.map(({ consentId }) => consentId)}::bigint[],
      ${cases.map(({ one }) => one.status)}::text[], ${cases.map(({ one }) => one.dueAt)}::timestamptz[],
      ${cases.map(({ one }) => one.createdAt)}::timestamptz[]
    ) as n (customer_id, id, service_id, version, consent_id, status, due_at, created_at)`.execute(
    tx,
  );
  await deferred`
    insert into subscriptions.card_subscription (customer_id, id, priced, locale, status_since, bill_count)
    select customer_id, id, priced::jsonb, locale, status_since, bill_count
    from unnest(${keys}, ${cases.map(({ one }) => pricedToRow(one.priced))}::text[],
      ${cases.map(({ one }) => one.locale)}::text[], ${cases.map(({ one }) => one.statusSince)}::timestamptz[],
      ${cases.map(({ one }) => one.billCount)}::integer[]
    ) as n (customer_id, id, priced, locale, status_since, bill_count)`.execute(tx);
}

/** Writes cases back as they are now. Their rows are locked. */
export async function updateCases(tx: Tx, cases: readonly CardCase[], now: Date): Promise<void> {
  if (cases.length === 0) return;
  const keys = keyArrays(cases.map((one) => one.key));
  const columns = cases.map(pricedToColumns);
  await deferredAnew`
    update subscriptions.subscription s set status = n.status, period = n.period, due_at = n.due_at,
      paid_until = n.paid_until, ended_at = n.ended_at, end_reason = n.end_reason,
      terms_version = n.version, service_id = n.service_id
    from unnest(${keys}, ${cases.map((one) => one.status)}::text[],
      ${cases.map((one) => one.priced.period.number)}::integer[], ${cases.map((one) => one.dueAt)}::timestamptz[],
      ${cases.map((one) => one.paidUntil)}::timestamptz[], ${cases.map((one) => one.endedAt)}::timestamptz[],
      ${cases.map((one) => one.endReason)}::text[],
      ${cases.map((one) => one.version)}::integer[], ${cases.map((one) => one.serviceId)}::integer[]
    ) as n (customer_id, id, status, period, due_at, paid_until, ended_at, end_reason, version, service_id)
    where s.customer_id = n.customer_id and s.id = n.id`.execute(tx);
  await deferredAnew`
    update subscriptions.card_subscription k set
      priced = case when n.keeps then k.priced else n.priced::jsonb end,
      priced_bill = case when n.keeps then k.priced_bill else n.priced_bill end,
      payments = case when n.keeps then k.payments else n.payments::jsonb end, card_id = n.card_id,
      card_gateway = n.gateway, card_brand = n.brand, card_mask = n.mask, card_fingerprint = n.fingerprint,
      bill_count = n.bill_count, noticed_period = n.noticed, cancel_at = n.cancel_at, status_since = n.since,
      attention = n.attention, attention_since = case when n.attention is null then null
        when k.attention is distinct from n.attention then ${now}::timestamptz else k.attention_since end, paused_until = n.paused_until,
      card_payment_id = n.card_payment, move = n.move::jsonb
    from unnest(${keys}, ${columns.map((one) => one.keeps)}::boolean[], ${columns.map((one) => one.priced)}::text[],
      ${columns.map((one) => one.bill)}::integer[], ${columns.map((one) => one.payments)}::text[],
      ${cases.map((one) => one.card?.id ?? null)}::bigint[], ${cases.map((one) => one.card?.gateway ?? null)}::text[],
      ${cases.map((one) => one.card?.brand ?? null)}::text[], ${cases.map((one) => one.card?.mask ?? null)}::text[],
      ${cases.map((one) => one.card?.fingerprint ?? null)}::text[], ${cases.map((one) => one.billCount)}::integer[],
      ${cases.map((one) => one.noticedPeriod)}::integer[], ${cases.map(cancelAt)}::timestamptz[],
      ${cases.map((one) => one.statusSince)}::timestamptz[], ${cases.map((one) => one.attention)}::text[],
      ${cases.map((one) => one.pausedUntil)}::timestamptz[], ${cases.map((one) => one.cardPayment)}::bigint[],
      ${cases.map((one) => moveToRow(one.move))}::text[]
    ) as n (customer_id, id, keeps, priced, priced_bill, payments, card_id, gateway, brand, mask, fingerprint, bill_count,
      noticed, cancel_at, since, attention, paused_until, card_payment, move)
    where k.customer_id = n.customer_id and k.id = n.id`.execute(tx);
}

function cancelAt({ endedAt, priced }: CardCase): Date | null {
  return priced.endsWithPeriod && endedAt === null ? priced.period.endsAt : null;
}

export interface BillWrite {
  readonly subscription: SubscriptionKey;
  readonly bill: CardBill;
  /** As its row has it; null for a new one. */
  readonly asRead: CardBill | null;
}

export interface NewCardBill extends Omit<BillWrite, 'asRead'> {
  readonly lines: readonly QuoteLine[];
}

export async function insertCardBills(tx: Tx, bills: readonly NewCardBill[]): Promise<void> {
  if (bills.length === 0) return;
  const keys = billKeys(bills);
  await deferred`
    insert into subscriptions.bill (customer_id, subscription_id, period, amount_minor, currency, state, opened_at, closed_at)
    select * from unnest(${keys}, ${bills.map(({ bill }) => bill.amountMinor)}::bigint[],
      ${bills.map(({ bill }) => bill.currency)}::text[], ${bills.map(({ bill }) => bill.state)}::text[],
      ${bills.map(({ bill }) => bill.openedAt)}::timestamptz[], ${bills.map(({ bill }) => bill.closedAt)}::timestamptz[])`.execute(
    tx,
  );
  await deferred`
    insert into subscriptions.card_bill (customer_id, subscription_id, period, kind, covers, total_minor, tax_minor,
      balance_used_minor, after, receipt, is_under_way, page_payment)
    select customer_id, subscription_id, period, kind, covers, total, tax, used, after::jsonb, receipt::jsonb, under_way, page
    from unnest(${keys}, ${bills.map(({ bill }) => bill.kind)}::text[],
      ${bills.map(({ bill }) => bill.covers)}::integer[], ${bills.map(({ bill }) => bill.totalMinor)}::bigint[],
      ${bills.map(({ bill }) => bill.taxMinor)}::bigint[], ${bills.map(({ bill }) => bill.balanceUsedMinor)}::bigint[],
      ${bills.map(({ bill }) => pricedToRow(bill.after))}::text[],
      ${bills.map(({ bill }) => receiptToRow(bill.receipt ?? null))}::text[],
      ${bills.map(({ bill }) => bill.isUnderWay)}::boolean[], ${bills.map(({ bill }) => bill.pagePayment)}::text[]
    ) as n (customer_id, subscription_id, period, kind, covers, total, tax, used, after, receipt, under_way, page)`.execute(
    tx,
  );
  await insertBillLines(tx, bills);
}

async function insertBillLines(tx: Tx, bills: readonly NewCardBill[]): Promise<void> {
  const rows = bills.flatMap(({ bill, lines, subscription }) =>
    lines.map((line, index) => ({ subscription, bill, line, index })),
  );
  await deferred`
    insert into subscriptions.bill_line (customer_id, subscription_id, period, line, kind, plan, version, quantity, covers,
      from_at, until_at, period_price_minor, share_numerator, share_denominator, amount_minor, tax_minor, tax_name)
    select * from unnest(${keyArrays(rows.map(({ subscription }) => subscription))},
      ${rows.map(({ bill }) => bill.number)}::integer[], ${rows.map(({ index }) => index)}::smallint[],
      ${rows.map(({ line }) => line.kind)}::text[], ${rows.map(({ line }) => line.plan)}::text[],
      ${rows.map(({ line }) => line.version)}::integer[], ${rows.map(({ line }) => line.quantity)}::integer[],
      ${rows.map(({ line }) => line.period)}::integer[], ${rows.map(({ line }) => line.from)}::timestamptz[],
      ${rows.map(({ line }) => line.until)}::timestamptz[], ${rows.map(({ line }) => line.periodPriceMinor)}::bigint[],
      ${rows.map(({ line }) => line.share.numerator)}::bigint[], ${rows.map(({ line }) => line.share.denominator)}::bigint[],
      ${rows.map(({ line }) => line.amountMinor)}::bigint[], ${rows.map(({ line }) => line.taxMinor)}::bigint[],
      ${rows.map(({ line }) => line.tax.name)}::text[])`.execute(tx);
}

/** Writes bills back as they are now. Their subscriptions are locked. */
export async function updateCardBills(tx: Tx, bills: readonly BillWrite[]): Promise<void> {
  if (bills.length === 0) return;
  await deferredAnew`
    update subscriptions.bill b set state = n.state, reason = n.reason, attempts = n.attempts, closed_at = n.closed_at,
      last_payment_id = n.last_payment
    from unnest(${billKeys(bills)}, ${bills.map(({ bill }) => bill.state)}::text[],
      ${bills.map(({ bill }) => bill.reason)}::text[], ${bills.map(({ bill }) => bill.attempts)}::smallint[],
      ${bills.map(({ bill }) => bill.closedAt)}::timestamptz[], ${bills.map(({ bill }) => bill.lastPayment)}::bigint[]
    ) as n (customer_id, subscription_id, period, state, reason, attempts, closed_at, last_payment)
    where b.customer_id = n.customer_id and b.subscription_id = n.subscription_id and b.period = n.period`.execute(
    tx,
  );
  await updateCardHalves(
    tx,
    bills.filter((one) => !isOnlyPaid(one)),
  );
}

/** What is planned and under way ends with a bill: its larger half has nothing new to say. */
function isOnlyPaid({ asRead, bill }: BillWrite): boolean {
  return (
    bill.state === 'paid' &&
    asRead?.number === bill.number &&
    asRead.firstDeclinedAt === bill.firstDeclinedAt &&
    asRead.nextBecause === bill.nextBecause &&
    asRead.toldReason === bill.toldReason &&
    asRead.toldSteps === bill.toldSteps
  );
}

async function updateCardHalves(tx: Tx, bills: readonly BillWrite[]): Promise<void> {
  if (bills.length === 0) return;
  await deferredAnew`
    update subscriptions.card_bill x set is_void = n.is_void, first_declined_at = n.first_declined,
      next_attempt_at = n.next_attempt, next_because = n.because, told_reason = n.told, told_steps = n.steps,
      is_under_way = n.under_way, page_payment = n.page
    from unnest(${billKeys(bills)}, ${bills.map(({ bill }) => bill.state === 'void')}::boolean[],
      ${bills.map(({ bill }) => bill.firstDeclinedAt)}::timestamptz[],
      ${bills.map(({ bill }) => bill.nextAttemptAt)}::timestamptz[], ${bills.map(({ bill }) => bill.nextBecause)}::text[],
      ${bills.map(({ bill }) => bill.toldReason)}::text[], ${bills.map(({ bill }) => bill.toldSteps)}::smallint[],
      ${bills.map(({ bill }) => bill.isUnderWay)}::boolean[], ${bills.map(({ bill }) => bill.pagePayment)}::text[]
    ) as n (customer_id, subscription_id, period, is_void, first_declined, next_attempt, because, told, steps, under_way, page)
    where x.customer_id = n.customer_id and x.subscription_id = n.subscription_id and x.period = n.period`.execute(
    tx,
  );
}

const billKeys = (bills: readonly Omit<BillWrite, 'asRead'>[]) =>
  sql`${keyArrays(bills.map(({ subscription }) => subscription))}, ${bills.map(({ bill }) => bill.number)}::integer[]`;

/** A decline that is heard again is the same one. */
export async function insertDeclines(tx: Tx, declines: readonly CardDecline[]): Promise<void> {
  if (declines.length === 0) return;
  await deferred`
    insert into subscriptions.card_decline (customer_id, subscription_id, period, payment_id, at, reason, class, fingerprint,
      retry_after)
    select * from unnest(${keyArrays(declines.map(({ bill }) => bill))},
      ${declines.map(({ bill }) => bill.number)}::integer[], ${declines.map((one) => one.payment)}::bigint[],
      ${declines.map((one) => one.at)}::timestamptz[], ${declines.map((one) => one.reason)}::text[],
      ${declines.map((one) => one.class)}::text[], ${declines.map((one) => one.fingerprint)}::text[],
      ${declines.map((one) => one.retryAfter ?? null)}::timestamptz[])
    on conflict do nothing`.execute(tx);
}

/** Puts a subscription on the staff's list, whatever else was written of it. */
export async function setAttention(
  tx: Tx,
  key: SubscriptionKey,
  { attention, now }: { readonly attention: string; readonly now: Date },
): Promise<void> {
  await sql`
    update subscriptions.card_subscription set attention = ${attention}, attention_since = ${now}
    where customer_id = ${key.customerId} and id = ${key.id}`.execute(tx);
}
