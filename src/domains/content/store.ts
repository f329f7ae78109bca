import { type Executor, sql, type Tx } from '#database';
import type { Item } from './item.ts';

export async function insertItems(executor: Executor, items: readonly Item[]): Promise<void> {
  await sql`
    insert into content.item (service, title, body)
    select i.service, i.title, i.body
    from unnest(${items.map((one) => one.service)}::text[], ${items.map((one) => one.title)}::text[],
      ${items.map((one) => one.body)}::text[]) with ordinality as i (service, title, body, place)
    order by i.place`.execute(executor);
}

/** A paid period for which something is to be delivered. */
export interface WantedDelivery {
  readonly customerId: bigint;
  readonly id: bigint;
  /** The bill. */
  readonly reference: string;
  readonly subscription: string;
  readonly msisdn: string;
  readonly service: string;
  readonly tokenHash: Buffer;
}

export interface StoredDelivery {
  readonly reference: string;
  readonly itemId: number;
  readonly title: string;
}

/**
 * Chooses an item for each and writes the deliveries down, in one statement: first what this customer has seen
 * least, then what has gone out least. Several for one customer and service take one item after the other.
 * A bill that has its delivery, and a service without items, answer nothing.
 */
export async function insertDeliveries(
  tx: Tx,
  input: {
    readonly wanted: readonly WantedDelivery[];
    readonly createdAt: Date;
    readonly expiresAt: Date;
  },
): Promise<readonly StoredDelivery[]> {
  const column = <Value>(read: (one: WantedDelivery) => Value) => input.wanted.map(read);
  const { rows } = await sql<StoredDelivery>`
    with wanted as (
      select w.*, row_number() over (partition by w.customer_id, w.service order by w.id) - 1 as turn
      from unnest(${column((one) => one.customerId)}::bigint[], ${column((one) => one.id)}::bigint[],
        ${column((one) => one.reference)}::text[], ${column((one) => one.subscription)}::text[],
        ${column((one) => one.msisdn)}::text[], ${column((one) => one.service)}::text[],
        ${column((one) => one.tokenHash)}::bytea[])
        as w (customer_id, id, reference, subscription, msisdn, service, token_hash)
      where not exists (select from content.delivery d where d.reference = w.reference)
    ), offered as (
      select service, count(*) as items from content.item
      where open and service in (select service from wanted) group by service
    ), stored as (
      insert into content.delivery
        (customer_id, id, reference, subscription, msisdn, item_id, token_hash, created_at, expires_at)
      select w.customer_id, w.id, w.reference, w.subscription, w.msisdn, chosen.id, w.token_hash,
        ${input.createdAt}::timestamptz, ${input.expiresAt}::timestamptz
      from wanted w
      join offered o on o.service = w.service
      cross join lateral (
        select item.id from content.item
        left join content.item_use u on u.item_id = item.id
        left join (
          select d.item_id, count(*) as times from content.delivery d
          where d.customer_id = w.customer_id group by d.item_id
        ) seen on seen.item_id = item.id
        where item.open and item.service = w.service
        order by coalesce(seen.times, 0), coalesce(u.delivered, 0), item.id
        offset w.turn % o.items limit 1
      ) chosen
      order by w.reference
      on conflict on constraint delivery_once_per_reference do nothing
      returning reference, item_id
    )
    select s.reference, s.item_id as "itemId", i.title
    from stored s join content.item i on i.id = s.item_id`.execute(tx);
  return rows;
}

/** Counts what has gone out. Sorted, and the last statement of its transaction: many deliveries share a row. */
export async function countDeliveries(tx: Tx, itemIds: readonly number[]): Promise<void> {
  if (itemIds.length === 0) return;
  await sql`
    insert into content.item_use (item_id, delivered)
    select item_id, count(*) from unnest(${itemIds}::integer[]) item_id
    group by item_id order by item_id
    on conflict (item_id) do update set delivered = item_use.delivered + excluded.delivered`.execute(
    tx,
  );
}

export interface Delivery {
  readonly customerId: bigint;
  readonly id: bigint;
  readonly bill: string;
  readonly subscription: string;
  readonly msisdn: string;
  readonly service: string;
  readonly title: string;
  readonly body: string;
  readonly expiresAt: Date;
  readonly openedAt: Date | null;
  readonly openedBy: Buffer | null;
}

export async function findDelivery(
  executor: Executor,
  tokenHash: Buffer,
): Promise<Delivery | undefined> {
  const { rows } = await sql<Delivery>`
    select d.customer_id as "customerId", d.id, d.reference as bill, d.subscription, d.msisdn, i.service,
      i.title, i.body, d.expires_at as "expiresAt", d.opened_at as "openedAt", d.opened_by as "openedBy"
    from content.delivery d join content.item i on i.id = d.item_id
    where d.token_hash = ${tokenHash}`.execute(executor);
  return rows[0];
}

/** False when it was opened before: of several at once one wins. */
export async function markOpened(
  tx: Tx,
  delivery: { readonly customerId: bigint; readonly id: bigint },
  by: { readonly at: Date; readonly browser: Buffer },
): Promise<boolean> {
  const { numAffectedRows } = await sql`
    update content.delivery set opened_at = ${by.at}, opened_by = ${by.browser}
    where customer_id = ${delivery.customerId} and id = ${delivery.id} and opened_at is null`.execute(
    tx,
  );
  return numAffectedRows === 1n;
}
