import { type Executor, sql, type Tx } from '#database';
import { must } from '#errors';
import type { Movement } from './accounts/index.ts';
import type { PayoutState, PayoutStep } from './payout.ts';

/** A payout as whoever has locked it sees it. */
export interface PayoutRow {
  readonly id: bigint;
  readonly client_id: string;
  readonly account: string;
  readonly currency: string;
  readonly label: string;
  readonly amount_minor: bigint;
  readonly reserved_minor: bigint | null;
  readonly state: PayoutState;
  readonly reason: string | null;
  readonly moving: Movement | null;
  readonly moving_cause: Cause | null;
  readonly cancel_wish: Cause | null;
  readonly conflict: string | null;
  readonly erp_id: string;
  readonly approvals_needed: number;
  readonly approved_hash: string | null;
  readonly reserve_id: string;
  readonly send_id: string;
  readonly pay_id: string;
  readonly give_back_id: string;
  readonly return_id: string;
  readonly settle_id: string;
  readonly attempts: number;
  readonly sent_at: Date | null;
  readonly heard_at: Date | null;
}

/** Who decided a step, and why. */
export interface Cause {
  /** A process, a source of statuses, or a person's key. */
  readonly actor: string;
  readonly reason?: string;
  readonly detail?: Readonly<Record<string, unknown>>;
}

export const PAYOUT_COLUMNS = sql.raw(`p.id, p.client_id, p.account, p.currency, p.label,
  p.amount_minor, p.reserved_minor, p.state, p.reason, p.moving, p.moving_cause, p.cancel_wish, p.conflict, p.erp_id,
  p.approvals_needed, p.approved_hash, p.reserve_id, p.send_id, p.pay_id, p.give_back_id, p.return_id, p.settle_id,
  p.attempts, p.sent_at, p.heard_at`);

/** In the order of their ids, as everybody locks them. */
export async function lockPayouts(tx: Tx, ids: readonly bigint[]): Promise<readonly PayoutRow[]> {
  const { rows } = await sql<PayoutRow>`
    select ${PAYOUT_COLUMNS} from payouts.payout p where p.id = any (${ids}::bigint[])
    order by p.id for no key update`.execute(tx);
  return rows;
}

/** Of these, those that are still held with `owner`. */
export async function lockOwned(
  tx: Tx,
  input: { readonly owner: string; readonly ids: readonly bigint[] },
): Promise<readonly PayoutRow[]> {
  const { rows } = await sql<PayoutRow>`
    select ${PAYOUT_COLUMNS} from payouts.payout p
    where p.id = any (${input.ids}::bigint[]) and p.owner = ${input.owner}
    order by p.id for no key update`.execute(tx);
  return rows;
}

export async function findPayoutsByErpIds(
  executor: Executor,
  erpIds: readonly string[],
): Promise<readonly { readonly id: bigint; readonly erp_id: string }[]> {
  const { rows } = await sql<{ id: bigint; erp_id: string }>`
    select id, erp_id from payouts.payout where erp_id = any (${erpIds}::text[])`.execute(executor);
  return rows;
}

/** A step to be written down, of a payout that is locked. */
export interface StepChange extends Cause {
  readonly id: bigint;
  readonly step: PayoutStep;
  readonly from: PayoutState;
  readonly to: PayoutState;
  readonly reservedMinor?: bigint;
  readonly uncoveredMinor?: bigint;
  /** What is to be approved by how many. */
  readonly approval?: { readonly needed: number; readonly hash: string };
}

/** One step each: state and history in one statement. Nobody holds the payouts from then on. */
export async function writeSteps(
  tx: Tx,
  input: { readonly changes: readonly StepChange[]; readonly now: Date },
): Promise<readonly PayoutRow[]> {
  const { changes, now } = input;
  const { rows } = await sql<PayoutRow>`
    with c as materialized (
      select * from jsonb_to_recordset(${JSON.stringify(changes.map(toRow))}::jsonb) as c (
        id bigint, step text, from_state text, to_state text, actor text, reason text, detail jsonb,
        reserved_minor bigint, uncovered_minor bigint, approvals_needed smallint, approved_hash text)
    ), changed as (
      update payouts.payout p set state = c.to_state, moving = null, moving_cause = null, trouble = null,
        owner = null, lease_until = null, attempts = 0, next_attempt_at = null,
        reason = case when c.step = 'resolve' then p.reason else c.reason end,
        reserved_minor = coalesce(c.reserved_minor, p.reserved_minor),
        uncovered_minor = coalesce(c.uncovered_minor, p.uncovered_minor),
        approvals_needed = coalesce(c.approvals_needed, p.approvals_needed),
        approved_hash = coalesce(c.approved_hash, p.approved_hash),
        approval_asked_at = case when c.to_state = 'needs_approval' then ${now} else p.approval_asked_at end,
        sent_at = case when c.to_state = 'in_flight' then coalesce(p.sent_at, ${now}) else p.sent_at end,
        acknowledged_at = case when c.to_state = 'acknowledged' then coalesce(p.acknowledged_at, ${now})
          else p.acknowledged_at end,
        paid_at = case when c.to_state = 'paid' then coalesce(p.paid_at, ${now}) else p.paid_at end,
        closed_at = case when c.to_state in ('paid', 'cancelled', 'rejected', 'returned')
          then coalesce(p.closed_at, ${now}) end
      from c where p.id = c.id and p.state = c.from_state
      returning ${PAYOUT_COLUMNS}
    ), written as (
      insert into payouts.step (payout_id, number, step, from_state, to_state, actor, detail, at)
      select c.id, coalesce((select max(s.number) from payouts.step s where s.payout_id = c.id), 0) + 1,
        c.step, c.from_state, c.to_state, c.actor, c.detail, ${now}
      from c join changed using (id)
    )
    select * from changed order by id`.execute(tx);
  must(rows.length === changes.length, 'a step begins where its payout stands');
  return rows;
}

function toRow(change: StepChange) {
  const { approval, detail, reason } = change;
  const told = { ...detail, ...(reason === undefined ? {} : { reason }) };
  return {
    ...{ id: String(change.id), step: change.step, from_state: change.from, to_state: change.to },
    ...{ actor: change.actor, reason: reason ?? null },
    detail: Object.keys(told).length > 0 ? told : null,
    reserved_minor: change.reservedMinor?.toString() ?? null,
    uncovered_minor: change.uncoveredMinor?.toString() ?? null,
    approvals_needed: approval?.needed ?? null,
    approved_hash: approval?.hash ?? null,
  };
}

export interface Intention {
  readonly id: bigint;
  readonly movement: Movement;
  readonly cause: Cause;
}

/** Writes down what is about to be moved; from then on nothing else is decided until it is done. */
export async function beginMoves(tx: Tx, intentions: readonly Intention[]): Promise<void> {
  await sql`
    update payouts.payout p set moving = c.movement, moving_cause = c.cause, cancel_wish = null,
      owner = null, lease_until = null, attempts = 0, next_attempt_at = null
    from jsonb_to_recordset(${JSON.stringify(
      intentions.map(({ cause, id, movement }) => ({ id: String(id), movement, cause })),
    )}::jsonb) as c (id bigint, movement text, cause jsonb)
    where p.id = c.id and p.moving is null`.execute(tx);
}

/** Answers those that were not flagged before. */
export async function flagConflicts(
  tx: Tx,
  conflicts: readonly { readonly id: bigint; readonly reason: string }[],
): Promise<readonly PayoutRow[]> {
  const { rows } = await sql<PayoutRow>`
    update payouts.payout p set conflict = c.reason
    from unnest(${conflicts.map(({ id }) => id)}::bigint[], ${conflicts.map(({ reason }) => reason)}::text[])
      as c (id, reason)
    where p.id = c.id and p.conflict is null
    returning ${PAYOUT_COLUMNS}`.execute(tx);
  return rows;
}

export async function clearConflict(tx: Tx, id: bigint): Promise<void> {
  await sql`update payouts.payout set conflict = null where id = ${id}`.execute(tx);
}

export async function wishCancelled(
  tx: Tx,
  input: { readonly id: bigint; readonly cause: Cause },
): Promise<void> {
  await sql`update payouts.payout set cancel_wish = ${JSON.stringify(input.cause)}::jsonb
    where id = ${input.id}`.execute(tx);
}

/** The facts that payouts pay out, as they were taken. */
export async function insertFacts(
  tx: Tx,
  facts: readonly {
    readonly payoutId: bigint;
    readonly fact: string;
    readonly reference: string;
    readonly amountMinor: bigint;
  }[],
): Promise<void> {
  await sql`
    insert into payouts.cpf (payout_id, fact, reference, amount_minor)
    select * from unnest(${facts.map((one) => one.payoutId)}::bigint[], ${facts.map((one) => one.fact)}::text[],
      ${facts.map((one) => one.reference)}::text[], ${facts.map((one) => one.amountMinor)}::bigint[])`.execute(
    tx,
  );
}

export async function markFactsReturned(
  tx: Tx,
  input: { readonly payouts: readonly bigint[]; readonly now: Date },
): Promise<void> {
  await sql`
    update payouts.cpf set returned_at = ${input.now}
    where payout_id = any (${input.payouts}::bigint[]) and returned_at is null`.execute(tx);
}
