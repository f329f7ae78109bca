import { type Executor, sql, type Tx } from '#database';

export interface ApprovalRow {
  readonly approver: string;
  readonly decision: 'approve' | 'refuse';
  readonly hash: string;
  readonly comment: string | null;
  readonly at: Date;
}

/** How many have approved exactly this. */
export async function findApprovers(
  tx: Tx,
  of: readonly { readonly id: bigint; readonly hash: string }[],
): Promise<ReadonlyMap<bigint, number>> {
  const { rows } = await sql<{ id: bigint; given: bigint }>`
    select n.id, count(*) as given
    from unnest(${of.map(({ id }) => id)}::bigint[], ${of.map(({ hash }) => hash)}::text[]) as n (id, hash)
    join payouts.approval a on a.payout_id = n.id and a.hash = n.hash and a.decision = 'approve'
    group by n.id`.execute(tx);
  return new Map(rows.map(({ given, id }) => [id, Number(given)]));
}

/** False when this person has decided about this before. */
export async function insertApproval(
  tx: Tx,
  approval: Omit<ApprovalRow, 'comment'> & {
    readonly payoutId: bigint;
    readonly comment: string | undefined;
  },
): Promise<boolean> {
  const { numAffectedRows } = await sql`
    insert into payouts.approval (payout_id, approver, decision, hash, comment, at)
    values (${approval.payoutId}, ${approval.approver}, ${approval.decision}, ${approval.hash},
      ${approval.comment ?? null}, ${approval.at})
    on conflict do nothing`.execute(tx);
  return numAffectedRows === 1n;
}

/** A payout has as many approvals as there are people who looked at it. */
const APPROVALS_MOST = 100;

export async function listApprovals(
  executor: Executor,
  payoutId: bigint,
): Promise<readonly ApprovalRow[]> {
  const { rows } = await sql<ApprovalRow>`
    select approver, decision, hash, comment, at from payouts.approval
    where payout_id = ${payoutId} order by at, approver limit ${APPROVALS_MOST}`.execute(executor);
  return rows;
}

/** Who asked for the request that a payout was made for. */
export async function findAsker(executor: Executor, payoutId: bigint): Promise<string | undefined> {
  const { rows } = await sql<{ asked_by: string }>`
    select r.asked_by from payouts.request r join payouts.payout p on p.request_id = r.id
    where p.id = ${payoutId}`.execute(executor);
  return rows[0]?.asked_by;
}
