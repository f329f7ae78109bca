import { type Executor, sql } from '#database';
import type { PayoutState } from '#payouts/payout';

/** A payout as people see it. */
export interface PayoutView {
  readonly id: bigint;
  readonly request_id: bigint;
  readonly client_id: string;
  readonly account: string;
  readonly currency: string;
  readonly amount_minor: bigint;
  readonly reserved_minor: bigint | null;
  readonly uncovered_minor: bigint | null;
  readonly state: PayoutState;
  readonly reason: string | null;
  readonly moving: string | null;
  readonly cancel_wished: boolean;
  readonly trouble: string | null;
  readonly ard_state: string | null;
  readonly conflict: string | null;
  /** Sent, and nobody has said a word of it for too long. */
  readonly silent: boolean;
  readonly held: boolean;
  readonly erp_id: string;
  readonly approvals_needed: number;
  readonly approved_hash: string | null;
  readonly created_at: Date;
  readonly sent_at: Date | null;
  readonly acknowledged_at: Date | null;
  readonly paid_at: Date | null;
  readonly closed_at: Date | null;
}

const columns = (silentBefore: Date) => sql`p.id, p.request_id, p.client_id, p.account, p.currency,
  p.amount_minor, p.reserved_minor, p.uncovered_minor, p.state, p.reason, p.moving,
  p.cancel_wish is not null as cancel_wished, p.trouble, p.ard_state, p.conflict,
  p.state in ('in_flight', 'acknowledged') and coalesce(p.heard_at, p.sent_at) <= ${silentBefore} as silent,
  p.closed_at is null and exists (
    select from payouts.client c where c.client_id = p.client_id and c.held_at is not null) as held,
  p.erp_id, p.approvals_needed, p.approved_hash, p.created_at, p.sent_at, p.acknowledged_at, p.paid_at, p.closed_at`;

/** Newest first, from before `before` on. */
export async function listPayouts(
  executor: Executor,
  input: {
    readonly clientId: string | null;
    readonly state: PayoutState | null;
    readonly before: bigint | null;
    readonly limit: number;
    readonly silentBefore: Date;
  },
): Promise<readonly PayoutView[]> {
  const { before, clientId, limit, silentBefore, state } = input;
  const ofClient = clientId === null ? sql`true` : sql`p.client_id = ${clientId}`;
  const inState = state === null ? sql`true` : sql`p.state = ${state}`;
  const older = before === null ? sql`true` : sql`p.id < ${before}`;
  const { rows } = await sql<PayoutView>`
    select ${columns(silentBefore)} from payouts.payout p
    where ${ofClient} and ${inState} and ${older}
    order by p.id desc limit ${limit}`.execute(executor);
  return rows;
}

export async function findPayout(
  executor: Executor,
  input: { readonly id: bigint; readonly silentBefore: Date },
): Promise<PayoutView | undefined> {
  const { rows } = await sql<PayoutView>`
    select ${columns(input.silentBefore)} from payouts.payout p where p.id = ${input.id}`.execute(
    executor,
  );
  return rows[0];
}

export interface StepView {
  readonly number: number;
  readonly step: string;
  readonly from_state: string;
  readonly to_state: string;
  readonly actor: string;
  readonly detail: Readonly<Record<string, unknown>> | null;
  readonly at: Date;
}

/** Far more than a payout can take: only releases and holds come again. */
const STEPS_MOST = 1000;

export async function listSteps(executor: Executor, id: bigint): Promise<readonly StepView[]> {
  const { rows } = await sql<StepView>`
    select number, step, from_state, to_state, actor, detail, at from payouts.step
    where payout_id = ${id} order by number limit ${STEPS_MOST}`.execute(executor);
  return rows;
}

export interface FactView {
  readonly fact: string;
  readonly reference: string;
  readonly amount_minor: bigint;
  readonly returned_at: Date | null;
}

/** A payout of a busy year covers this many payments; the rest is in the system of accounts. */
const FACTS_MOST = 10_000;

export async function listFacts(executor: Executor, id: bigint): Promise<readonly FactView[]> {
  const { rows } = await sql<FactView>`
    select fact, reference, amount_minor, returned_at from payouts.cpf
    where payout_id = ${id} order by fact limit ${FACTS_MOST}`.execute(executor);
  return rows;
}

export interface PayoutCount {
  readonly state: PayoutState;
  readonly count: bigint;
}

/** Open ones; the closed are as many as there are years. */
export async function countOpenPayouts(executor: Executor): Promise<readonly PayoutCount[]> {
  const { rows } = await sql<PayoutCount>`
    select state, count(*) as count from payouts.payout
    where state in ('new', 'checking', 'on_hold', 'needs_approval', 'approved', 'reserved', 'in_flight', 'acknowledged')
    group by state`.execute(executor);
  return rows;
}

export interface Attention {
  readonly conflicts: bigint;
  readonly troubled: bigint;
  readonly silent: bigint;
  /** When the oldest that is with the ERP was sent. */
  readonly oldest_sent_at: Date | null;
}

/** What people have to look at. */
export async function countAttention(
  executor: Executor,
  silentBefore: Date,
): Promise<Attention | undefined> {
  const { rows } = await sql<Attention>`
    select
      (select count(*) from payouts.payout where conflict is not null) as conflicts,
      (select count(*) from payouts.payout where trouble is not null) as troubled,
      count(*) filter (where coalesce(heard_at, sent_at) <= ${silentBefore}) as silent,
      min(sent_at) as oldest_sent_at
    from payouts.payout where state in ('in_flight', 'acknowledged')`.execute(executor);
  return rows[0];
}
