import { type Executor, sql, type Tx } from '#database';

export const paymentAttentionKinds = [
  'conflict',
  'unknown',
  'surplus',
  'dispute',
  'fraud_warning',
  'fiscal_receipt',
  'difference',
] as const;
export type PaymentAttentionKind = (typeof paymentAttentionKinds)[number];

export interface AttentionRow {
  readonly place: string;
  readonly kind: PaymentAttentionKind;
  readonly gateway: string;
  readonly customer_id: bigint | null;
  readonly payment_id: bigint | null;
  /** The gateway's id of it, or ours where it has none. */
  readonly subject: string;
  readonly method: string | null;
  readonly amount_minor: bigint | null;
  readonly currency: string | null;
  readonly since: Date;
  /** Why, in the words of its table. */
  readonly reason: string | null;
}

/**
 * All that people have to look at, without what they have closed. A place is where it stands among others of one moment; each
 * begins with the name of this domain.
 */
export const OPEN_ATTENTION = sql.raw(`(
  select * from (
    -- Money moved otherwise than was asked for, and not all of it has gone back.
    select 'payments conflict ' || t.gateway || ' ' || t.transaction as place, 'conflict' as kind, t.gateway, t.customer_id,
      t.payment_id, t.transaction as subject, 'card' as method, t.amount_minor, t.currency, t.at as since, t.reason
    from payments.gateway_transaction t
    where t.role = 'conflict' and (t.kind = 'refund' or (
      select coalesce(sum(o.amount_minor) filter (where o.role = 'conflict' and o.kind = 'payment'), 0)
        > coalesce(sum(o.amount_minor) filter (where o.role = 'returned'), 0)
      from payments.gateway_transaction o where o.customer_id = t.customer_id and o.payment_id = t.payment_id))
    union all
    -- An operator's: there is no route to settle it, so that it stands until somebody closes it.
    select 'payments conflict ' || p.customer_id || ' ' || p.id, 'conflict', p.gateway, p.customer_id, p.id,
      coalesce(p.gateway_reference, ''), p.method, p.amount_minor, p.currency, coalesce(p.closed_at, p.created_at), p.reason
    from payments.payment p where p.is_conflicted and p.method = 'phone'
    union all
    -- Nobody is asked about them any more.
    select 'payments unknown ' || p.customer_id || ' ' || p.id, 'unknown', p.gateway, p.customer_id, p.id,
      coalesce(p.gateway_reference, ''), p.method, p.amount_minor, p.currency, coalesce(p.sent_at, p.created_at), p.reason
    from payments.payment p where p.is_unanswered
    union all
    -- Paid once more than was asked for, and not on its way back.
    select 'payments surplus ' || p.customer_id || ' ' || p.id, 'surplus', p.gateway, p.customer_id, p.id,
      coalesce(p.gateway_reference, ''), p.method, p.amount_minor - p.refunded_minor, p.currency,
      coalesce(p.closed_at, p.created_at), p.reason
    from payments.payment p
    where p.reference like 'surplus of %' and p.kind = 'charge' and p.state = 'accepted'
      and p.refunded_minor < p.amount_minor
    union all
    select 'payments dispute ' || d.gateway || ' ' || d.id, 'dispute', d.gateway, d.customer_id, d.payment_id, d.id, 'card',
      d.amount_minor, d.currency, d.at, d.reason
    from payments.dispute d
    where d.kind = 'opened' and not exists (select from payments.dispute e
      where e.gateway = d.gateway and e.id = d.id and e.kind in ('lost', 'won'))
    union all
    -- What was given back, or is disputed by now, needs no warning.
    select 'payments fraud_warning ' || w.gateway || ' ' || w.id, 'fraud_warning', w.gateway, w.customer_id, w.payment_id,
      w.id, 'card', p.amount_minor - p.refunded_minor, p.currency, w.at, w.reason
    from payments.fraud_warning w
    join payments.payment p on p.customer_id = w.customer_id and p.id = w.payment_id
    where p.refunded_minor < p.amount_minor and not exists (select from payments.dispute d
      where d.gateway = w.gateway and d.transaction = w.transaction)
    union all
    -- The law wants it soon. What is registered in the end leaves by itself.
    select 'payments fiscal_receipt ' || q.gateway || ' ' || q.transaction, 'fiscal_receipt', q.gateway, q.customer_id,
      q.payment_id, q.transaction, 'card', p.amount_minor, p.currency, q.at,
      case when q.state = 'cancelled' then 'cancelled' when q.is_pending then 'pending' else 'missing' end
    from payments.fiscal_question q
    join payments.payment p on p.customer_id = q.customer_id and p.id = q.payment_id
    where q.is_late
  ) o
  where not exists (select from payments.attention_closing c where c.place = o.place)
  union all
  -- They are closed where they are kept. Conflicts and the unanswered stand above, disputes that are known too.
  select 'payments difference ' || f.gateway || ' ' || f.kind || ' ' || f.subject, 'difference', f.gateway, f.customer_id,
    f.payment_id, f.subject, f.kind, coalesce(f.theirs_minor, f.ours_minor), f.currency, f.seen_at, f.message
  from payments.difference f
  where f.gone_at is null and f.closed_at is null and f.kind not in ('conflict', 'unanswered')
)`);

/** The oldest first, from behind a place on. */
export async function listAttentionRows(
  executor: Executor,
  page: {
    readonly after: { readonly since: Date; readonly place: string } | null;
    readonly kind: string | null;
    readonly limit: number;
  },
): Promise<readonly AttentionRow[]> {
  const { after, kind, limit } = page;
  // Cursors know milliseconds.
  const since = sql.raw(`date_trunc('milliseconds', a.since)`);
  const behind = after
    ? sql`and (${since}, a.place collate "C") > (${after.since}::timestamptz, ${after.place}::text collate "C")`
    : sql``;
  const { rows } = await sql<AttentionRow>`
    select a.* from ${OPEN_ATTENTION} a where (${kind}::text is null or a.kind = ${kind}) ${behind}
    order by ${since}, a.place collate "C" limit ${limit}`.execute(executor);
  return rows;
}

export async function countAttentionRows(
  executor: Executor,
): Promise<readonly { readonly kind: PaymentAttentionKind; readonly count: number }[]> {
  const { rows } = await sql<{ kind: PaymentAttentionKind; count: number }>`
    select a.kind, count(*)::integer as count from ${OPEN_ATTENTION} a group by a.kind order by a.kind`.execute(
    executor,
  );
  return rows;
}

/** Undefined where nothing stands there, or nothing any more. */
export async function findAttentionRow(
  executor: Executor,
  place: string,
): Promise<AttentionRow | undefined> {
  const { rows } = await sql<AttentionRow>`
    select a.* from ${OPEN_ATTENTION} a where a.place = ${place}`.execute(executor);
  return rows[0];
}

/** False where somebody was faster. */
export async function insertAttentionClosing(
  tx: Tx,
  closing: {
    readonly place: string;
    readonly actor: string;
    readonly reason: string;
    readonly now: Date;
  },
): Promise<boolean> {
  const { actor, now, place, reason } = closing;
  const { rows } = await sql`
    insert into payments.attention_closing (place, actor, reason, at)
    values (${place}, ${actor}, ${reason}, ${now}) on conflict do nothing returning place`.execute(
    tx,
  );
  return rows.length > 0;
}
