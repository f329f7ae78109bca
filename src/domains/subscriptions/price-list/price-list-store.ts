import { type Executor, sql, type Tx } from '#database';
import { couponFromRow, type StoredCoupon } from '#subscriptions/cards';
import type { Coupon } from '#subscriptions/pricing';
import { aliveStatuses, type SubscriptionKey } from '#subscriptions/subscription';

/** False where the code is taken, by a service of an operator too. */
export async function insertService(
  tx: Tx,
  service: { readonly code: string; readonly operator: string; readonly title: string },
): Promise<boolean> {
  const { rows } = await sql`
    insert into subscriptions.service (code, operator, title)
    values (${service.code}, ${service.operator}, ${service.title}) on conflict (code) do nothing returning id`.execute(
    tx,
  );
  return rows.length > 0;
}

export interface ServiceRow {
  readonly id: number;
  readonly operator: string;
  readonly open: boolean;
}

/** Versions of one plan are added one after the other. */
export async function lockService(tx: Tx, code: string): Promise<ServiceRow | undefined> {
  const { rows } = await sql<ServiceRow>`
    select id, operator, open from subscriptions.service where code = ${code} for no key update`.execute(
    tx,
  );
  return rows[0];
}

export async function updateServiceOpen(tx: Tx, id: number, isOpen: boolean): Promise<void> {
  await sql`update subscriptions.service set open = ${isOpen} where id = ${id}`.execute(tx);
}

/** Of each version that somebody is subscribed to, how many are. It reads all who are: for people, now and then. */
export async function countSubscribers(
  executor: Executor,
  serviceId: number,
): Promise<ReadonlyMap<number, number>> {
  const { rows } = await sql<{ version: number; count: number }>`
    select terms_version as version, count(*)::integer as count from subscriptions.subscription
    where service_id = ${serviceId} and status = any (${[...aliveStatuses]}::text[]) group by terms_version`.execute(
    executor,
  );
  return new Map(rows.map(({ count, version }) => [version, count]));
}

/** Which of these codes are plans. */
export async function findPlanCodes(
  executor: Executor,
  codes: readonly string[],
): Promise<ReadonlySet<string>> {
  const { rows } = await sql<{ code: string }>`
    select code from subscriptions.service s where code = any (${[...codes]}::text[])
      and exists (select from subscriptions.plan_terms p where p.service_id = s.id)`.execute(
    executor,
  );
  return new Set(rows.map(({ code }) => code));
}

export interface PriceListChange {
  readonly about: 'plan' | 'coupon';
  readonly code: string;
  readonly actor: string;
  readonly action: 'add' | 'add_version' | 'close' | 'open' | 'end';
  readonly at: Date;
  readonly after?: unknown;
}

export async function insertPriceListChange(tx: Tx, change: PriceListChange): Promise<void> {
  const { about, action, actor, after, at, code } = change;
  const json = after === undefined ? null : JSON.stringify(after, (_, one) => plain(one));
  await sql`
    insert into subscriptions.price_list_change (about, code, at, actor, action, after)
    values (${about}, ${code}, ${at}, ${actor}, ${action}, ${json}::jsonb)`.execute(tx);
}

const plain = (value: unknown) => (typeof value === 'bigint' ? Number(value) : value);

export type ChangeRow = Pick<PriceListChange, 'action' | 'actor' | 'at'>;

const CHANGES_MOST = 50;

/** The newest first. */
export async function listPriceListChanges(
  executor: Executor,
  of: Pick<PriceListChange, 'about' | 'code'>,
): Promise<readonly ChangeRow[]> {
  const { rows } = await sql<ChangeRow>`
    select action, actor, at from subscriptions.price_list_change
    where about = ${of.about} and code = ${of.code} order by id desc limit ${CHANGES_MOST}`.execute(
    executor,
  );
  return rows;
}

/** A coupon, and how it has fared. */
export interface ListedCoupon {
  readonly coupon: Coupon;
  readonly redemptions: number;
  readonly createdAt: Date;
  readonly endedAt: Date | null;
}

interface CouponRow {
  readonly rules: StoredCoupon;
  readonly redemptions: number;
  readonly created_at: Date;
  readonly ended_at: Date | null;
}

const toListed = (row: CouponRow): ListedCoupon => ({
  ...{ coupon: couponFromRow(row.rules), redemptions: row.redemptions },
  ...{ createdAt: row.created_at, endedAt: row.ended_at },
});

/** By code, from behind `after` on. */
export async function listCoupons(
  executor: Executor,
  page: { readonly after: string; readonly limit: number },
): Promise<readonly ListedCoupon[]> {
  const { rows } = await sql<CouponRow>`
    select rules, redemptions, created_at, ended_at from subscriptions.coupon
    where code > ${page.after} order by code limit ${page.limit}`.execute(executor);
  return rows.map(toListed);
}

export async function findListedCoupon(
  executor: Executor,
  code: string,
): Promise<ListedCoupon | undefined> {
  const { rows } = await sql<CouponRow>`
    select rules, redemptions, created_at, ended_at from subscriptions.coupon where code = ${code}`.execute(
    executor,
  );
  return rows[0] && toListed(rows[0]);
}

/** False where it has ended before. It waits for whoever is redeeming it. */
export async function endCoupon(
  tx: Tx,
  of: { readonly code: string; readonly now: Date },
): Promise<boolean> {
  const { rows } = await sql`
    update subscriptions.coupon set ended_at = ${of.now} where code = ${of.code} and ended_at is null
    returning code`.execute(tx);
  return rows.length > 0;
}

export interface RedemptionRow {
  readonly customer_id: bigint;
  readonly subscription_id: bigint;
  readonly redeemed_at: Date;
}

/** The newest first: ids of subscriptions grow with time. */
export async function listRedemptions(
  executor: Executor,
  page: {
    readonly code: string;
    readonly before: SubscriptionKey | null;
    readonly limit: number;
  },
): Promise<readonly RedemptionRow[]> {
  const { before, code, limit } = page;
  const isBehind = before
    ? sql`and (subscription_id, customer_id) < (${before.id}::bigint, ${before.customerId}::bigint)`
    : sql``;
  const { rows } = await sql<RedemptionRow>`
    select customer_id, subscription_id, redeemed_at from subscriptions.coupon_redemption
    where code = ${code} ${isBehind} order by subscription_id desc, customer_id desc limit ${limit}`.execute(
    executor,
  );
  return rows;
}
