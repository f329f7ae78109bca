import { type Executor, sql, type Tx } from '#database';
import type { StatusSource } from './status-words.ts';

/** A status that came in. */
export interface StatusRow {
  readonly number: bigint;
  readonly source: StatusSource;
  readonly event_id: string;
  readonly erp_id: string;
  readonly payout_id: bigint | null;
  readonly status: string;
  readonly reason: string | null;
  readonly occurred_at: Date | null;
  readonly received_at: Date;
  readonly outcome: StatusOutcome;
  readonly note: string | null;
}

export const STATUS_OUTCOMES = ['applied', 'ignored', 'parked', 'unknown', 'conflict'] as const;
export type StatusOutcome = (typeof STATUS_OUTCOMES)[number];

export interface NewStatus {
  readonly source: StatusSource;
  readonly eventId: string;
  readonly erpId: string;
  readonly status: string;
  readonly reason?: string | undefined;
  readonly occurredAt?: Date | undefined;
}

const COLUMNS = sql.raw(`s.number, s.source, s.event_id, s.erp_id, s.payout_id, s.status, s.reason,
  s.occurred_at, s.received_at, s.outcome, s.note`);

/** Keeps each once, however often it is told. Answers the new ones, with what came before under the same event id. */
export async function insertStatuses(
  tx: Tx,
  input: { readonly statuses: readonly NewStatus[]; readonly now: Date },
): Promise<readonly (StatusRow & { readonly contents: number })[]> {
  const { now, statuses } = input;
  const { rows } = await sql<StatusRow & { contents: number }>`
    with n as materialized (
      select * from unnest(
        ${statuses.map((one) => one.source)}::text[], ${statuses.map((one) => one.eventId)}::text[],
        ${statuses.map((one) => one.erpId)}::text[], ${statuses.map((one) => one.status)}::text[],
        ${statuses.map((one) => one.reason ?? null)}::text[],
        ${statuses.map((one) => one.occurredAt ?? null)}::timestamptz[]
      ) with ordinality as n (source, event_id, erp_id, status, reason, occurred_at, place)
    ), s as (
      insert into payouts.status (source, event_id, erp_id, payout_id, status, reason, occurred_at, received_at, outcome)
      select n.source, n.event_id, n.erp_id, p.id, n.status, n.reason, n.occurred_at, ${now},
        case when p.id is null then 'unknown' else 'parked' end
      from n left join payouts.payout p on p.erp_id = n.erp_id
      order by n.source, n.event_id, n.place
      on conflict on constraint status_once do nothing returning *
    )
    select ${COLUMNS}, (
      select count(distinct (o.erp_id, o.status)) from (
        select o.erp_id, o.status from payouts.status o where o.source = s.source and o.event_id = s.event_id
        union all select i.erp_id, i.status from s i where i.source = s.source and i.event_id = s.event_id
      ) o
    )::integer as contents
    from s order by s.number`.execute(tx);
  return rows;
}

/** What waits for the next step of these payouts, in the order in which it came in. */
export async function findParked(
  tx: Tx,
  payouts: readonly bigint[],
): Promise<readonly StatusRow[]> {
  const { rows } = await sql<StatusRow>`
    select ${COLUMNS} from payouts.status s
    where s.payout_id = any (${payouts}::bigint[]) and s.outcome = 'parked'
    order by s.payout_id, s.number`.execute(tx);
  return rows;
}

export interface Judgement {
  readonly number: bigint;
  readonly outcome: StatusOutcome;
  readonly note: string | null;
}

export async function writeOutcomes(tx: Tx, judgements: readonly Judgement[]): Promise<void> {
  await sql`
    update payouts.status s set outcome = j.outcome, note = j.note
    from unnest(${judgements.map(({ number }) => number)}::bigint[],
      ${judgements.map(({ outcome }) => outcome)}::text[], ${judgements.map(({ note }) => note)}::text[])
      as j (number, outcome, note)
    where s.number = j.number and (s.outcome, s.note) is distinct from (j.outcome, j.note)`.execute(
    tx,
  );
}

/** That they were heard of, and the newest word of the receivables feed, whatever order its words came in. */
export async function noteHeard(
  tx: Tx,
  input: { readonly payouts: readonly bigint[]; readonly now: Date },
): Promise<void> {
  await sql`
    update payouts.payout p set heard_at = ${input.now}, ard_state = coalesce((
      select s.status from payouts.status s where s.payout_id = p.id and s.source = 'ard'
      order by coalesce(s.occurred_at, s.received_at) desc, s.number desc limit 1), p.ard_state)
    where p.id = any (${input.payouts}::bigint[])`.execute(tx);
}

/** People have decided: what contradicted is history. */
export async function settleContradictions(
  tx: Tx,
  input: { readonly payoutId: bigint; readonly note: string },
): Promise<void> {
  await sql`
    update payouts.status set outcome = 'ignored', note = ${input.note}
    where payout_id = ${input.payoutId} and outcome = 'conflict'`.execute(tx);
}

/** What could not be applied, or all of one payout: oldest first. */
export async function listStatuses(
  executor: Executor,
  input: {
    readonly outcome: StatusOutcome | null;
    readonly payoutId: bigint | null;
    readonly after: bigint;
    readonly limit: number;
  },
): Promise<readonly StatusRow[]> {
  const { after, limit, outcome, payoutId } = input;
  const { rows } = await sql<StatusRow>`
    select ${COLUMNS} from payouts.status s
    where s.number > ${after} and (${outcome}::text is null or s.outcome = ${outcome})
      and (${payoutId}::bigint is null or s.payout_id = ${payoutId})
    order by s.number limit ${limit}`.execute(executor);
  return rows;
}

export async function countNotApplied(
  executor: Executor,
): Promise<readonly { readonly outcome: string; readonly count: bigint }[]> {
  const { rows } = await sql<{ outcome: string; count: bigint }>`
    select outcome, count(*) as count from payouts.status
    where outcome in ('parked', 'unknown', 'conflict') group by outcome`.execute(executor);
  return rows;
}
