import { sql, type Tx } from '#database';

// What is forgotten when every law's time is over.

interface Old {
  readonly before: Date;
  readonly most: number;
}

/** Messages that were made before `firstId` and ended before that time, with all that was told of them. Answers how many. */
export async function deleteMessages(
  tx: Tx,
  { before, firstId, most }: Old & { readonly firstId: bigint },
): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    with old as (
      delete from sms.message where id = any (array(
        select id from sms.message where id < ${firstId} and closed_at < ${before}
        order by id limit ${most} for update skip locked
      )) returning id
    ), events as (
      delete from sms.event e using old where e.message_id = old.id
    ), submissions as (
      delete from sms.submission s using old where s.message_id = old.id
    )
    select count(*)::int as count from old`.execute(tx);
  return rows[0]?.count ?? 0;
}

/** What people sent to us. Answers how many. */
export async function deleteIncoming(tx: Tx, { before, most }: Old): Promise<number> {
  const { numAffectedRows } = await sql`
    delete from sms.incoming where ctid = any (array(
      select ctid from sms.incoming where received_at < ${before} limit ${most} for update skip locked
    ))`.execute(tx);
  return Number(numAffectedRows ?? 0n);
}
