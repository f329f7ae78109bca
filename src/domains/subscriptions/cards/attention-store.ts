import { type Executor, sql, type Tx } from '#database';
import type { SubscriptionKey } from '#subscriptions/subscription';

/** The first word of `attention`: why people have to look at it. */
export const subscriptionAttentionKinds = [
  'conflicted',
  'request_faulty',
  'refund_impossible',
] as const;
export type SubscriptionAttentionKind = (typeof subscriptionAttentionKinds)[number];

export interface SubscriptionAttentionRow {
  readonly place: string;
  readonly kind: SubscriptionAttentionKind;
  readonly customer_id: bigint;
  readonly id: bigint;
  /** `conflicted: pay_…`. */
  readonly attention: string;
  /** It has ended: nothing of it goes on. */
  readonly is_over: boolean;
  /** What is owed; null where no bill is open. */
  readonly amount_minor: bigint | null;
  readonly currency: string | null;
  readonly since: Date;
}

const OPEN = sql.raw(`(
  select 'subscriptions ' || k.customer_id || ' ' || k.id as place, split_part(k.attention, ':', 1) as kind, k.customer_id,
    k.id, k.attention, s.ended_at is not null as is_over, b.amount_minor, b.currency,
    -- Those of a version that did not know when.
    date_trunc('milliseconds', coalesce(k.attention_since, k.status_since)) as since
  from subscriptions.card_subscription k
  join subscriptions.subscription s on s.customer_id = k.customer_id and s.id = k.id
  left join subscriptions.bill b on b.customer_id = k.customer_id and b.subscription_id = k.id and b.closed_at is null
  where k.attention is not null
)`);

/** The oldest first, from behind a place on. */
export async function listSubscriptionAttention(
  executor: Executor,
  page: {
    readonly after: { readonly since: Date; readonly place: string } | null;
    readonly kind: string | null;
    readonly limit: number;
  },
): Promise<readonly SubscriptionAttentionRow[]> {
  const { after, kind, limit } = page;
  const behind = after
    ? sql`and (a.since, a.place collate "C") > (${after.since}::timestamptz, ${after.place}::text collate "C")`
    : sql``;
  const { rows } = await sql<SubscriptionAttentionRow>`
    select a.* from ${OPEN} a where (${kind}::text is null or a.kind = ${kind}) ${behind}
    order by a.since, a.place collate "C" limit ${limit}`.execute(executor);
  return rows;
}

export async function countSubscriptionAttention(
  executor: Executor,
): Promise<readonly { readonly kind: string; readonly count: number }[]> {
  const { rows } = await sql<{ kind: string; count: number }>`
    select split_part(attention, ':', 1) as kind, count(*)::integer as count from subscriptions.card_subscription
    where attention is not null group by 1 order by 1`.execute(executor);
  return rows;
}

export async function insertAttentionClosing(
  tx: Tx,
  closing: {
    readonly key: SubscriptionKey;
    readonly attention: string;
    readonly actor: string;
    readonly reason: string;
    readonly now: Date;
  },
): Promise<void> {
  const { actor, attention, key, now, reason } = closing;
  await sql`
    insert into subscriptions.attention_closing (customer_id, subscription_id, attention, actor, reason, at)
    values (${key.customerId}, ${key.id}, ${attention}, ${actor}, ${reason}, ${now})`.execute(tx);
}

/** What a gateway called wrong of this bill has been mended: it may be asked again. */
export async function mendRequests(
  tx: Tx,
  of: { readonly key: SubscriptionKey; readonly bill: number; readonly now: Date },
): Promise<void> {
  await sql`
    update subscriptions.card_decline set mended_at = ${of.now}
    where customer_id = ${of.key.customerId} and subscription_id = ${of.key.id} and period = ${of.bill}
      and class = 'request' and mended_at is null`.execute(tx);
}
