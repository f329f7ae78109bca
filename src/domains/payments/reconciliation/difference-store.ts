import { type Executor, sql, type Tx } from '#database';
import type { DifferenceKind } from './reconciliation-store.ts';

export interface DifferenceRow {
  readonly kind: DifferenceKind;
  readonly subject: string;
  readonly customer_id: bigint | null;
  readonly payment_id: bigint | null;
  readonly transaction: string | null;
  readonly ours_minor: bigint | null;
  readonly theirs_minor: bigint | null;
  readonly currency: string | null;
  readonly at: Date;
  readonly message: string;
  readonly seen_at: Date;
  readonly last_seen_at: Date;
  readonly gone_at: Date | null;
  readonly closed_at: Date | null;
  readonly closed_by: string | null;
  readonly closed_reason: string | null;
}

const COLUMNS =
  sql.raw(`kind, subject, customer_id, payment_id, transaction, ours_minor, theirs_minor, currency, at, message, seen_at,
  last_seen_at, gone_at, closed_at, closed_by, closed_reason`);

/** Those that stand, the oldest first. */
export async function listDifferences(
  executor: Executor,
  input: { readonly gateway: string; readonly most: number },
): Promise<readonly DifferenceRow[]> {
  return pageDifferences(executor, {
    ...{ gateway: input.gateway, kind: null, isOpen: true, after: null, limit: input.most },
  });
}

/** Behind which difference a page begins. */
export interface DifferencePlace {
  readonly seenAt: Date;
  readonly kind: string;
  readonly subject: string;
}

/** The oldest first. */
export async function pageDifferences(
  executor: Executor,
  page: {
    readonly gateway: string;
    readonly kind: string | null;
    /** True: those that stand; false: those that are closed or gone; null: all. */
    readonly isOpen: boolean | null;
    readonly after: DifferencePlace | null;
    readonly limit: number;
  },
): Promise<readonly DifferenceRow[]> {
  const { after, gateway, isOpen, kind, limit } = page;
  const behind = after
    ? sql`and (seen_at, kind, subject) > (${after.seenAt}::timestamptz, ${after.kind}::text, ${after.subject}::text)`
    : sql``;
  const standing =
    isOpen === null
      ? sql``
      : isOpen
        ? sql`and gone_at is null and closed_at is null`
        : sql`and (gone_at is not null or closed_at is not null)`;
  const { rows } = await sql<DifferenceRow>`
    select ${COLUMNS} from payments.difference
    where gateway = ${gateway} and (${kind}::text is null or kind = ${kind}) ${standing} ${behind}
    order by seen_at, kind, subject limit ${limit}`.execute(executor);
  return rows;
}

export interface DifferenceKey {
  readonly gateway: string;
  readonly kind: string;
  readonly subject: string;
}

/** Whoever closes one waits for a comparison that is writing it down. */
export async function lockDifference(
  tx: Tx,
  { gateway, kind, subject }: DifferenceKey,
): Promise<DifferenceRow | undefined> {
  const { rows } = await sql<DifferenceRow>`
    select ${COLUMNS} from payments.difference
    where gateway = ${gateway} and kind = ${kind} and subject = ${subject} for no key update`.execute(
    tx,
  );
  return rows[0];
}

/** The difference is locked. */
export async function closeLocked(
  tx: Tx,
  closing: DifferenceKey & {
    readonly actor: string;
    readonly reason: string;
    readonly now: Date;
  },
): Promise<void> {
  const { actor, gateway, kind, now, reason, subject } = closing;
  await sql`
    with closed as (
      update payments.difference set closed_at = ${now}, closed_by = ${actor}, closed_reason = ${reason}
      where gateway = ${gateway} and kind = ${kind} and subject = ${subject}
      returning ours_minor, theirs_minor, currency
    )
    insert into payments.difference_closing (gateway, kind, subject, ours_minor, theirs_minor, currency, actor, reason, at)
    select ${gateway}, ${kind}, ${subject}, ours_minor, theirs_minor, currency, ${actor}, ${reason}, ${now} from closed`.execute(
    tx,
  );
}

export async function countDifferences(
  executor: Executor,
): Promise<readonly { readonly gateway: string; readonly kind: string; readonly count: number }[]> {
  const { rows } = await sql<{ gateway: string; kind: string; count: number }>`
    select gateway, kind, count(*)::integer as count from payments.difference
    where gone_at is null and closed_at is null group by gateway, kind order by gateway, kind`.execute(
    executor,
  );
  return rows;
}
