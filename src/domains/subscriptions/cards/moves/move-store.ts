import { type Executor, sql, type Tx } from '#database';
import type { MovePolicy } from '#subscriptions/cards/plans';
import { CARD } from '#subscriptions/sms-route';
import type { SubscriptionKey } from '#subscriptions/subscription';

/** A move of all who have older versions of a plan, and how far it is. */
export interface PriceMove extends MovePolicy {
  readonly id: bigint;
  readonly serviceId: number;
  readonly plan: string;
  readonly version: number;
  /** What is said by SMS. */
  readonly text: string;
  readonly state: 'previewed' | 'running' | 'done' | 'stopping' | 'stopped';
  readonly preview: readonly MoveGroup[];
  readonly total: number;
  readonly looked: number;
  readonly planned: number;
  readonly after: SubscriptionKey;
  readonly createdAt: Date;
  readonly createdBy: string;
  readonly startedAt: Date | null;
  readonly startedBy: string | null;
  readonly finishedAt: Date | null;
  readonly stoppedAt: Date | null;
  readonly stoppedBy: string | null;
  /** What is said by SMS to those for whom it is off. */
  readonly stopText: string | null;
  /** For whom it is off, and the last one who was looked at for that. */
  readonly calledOff: number;
  readonly offAfter: SubscriptionKey;
}

/** Who has one older version, as it stood when the move was looked at. */
export interface MoveGroup {
  readonly version: number;
  readonly subscriptions: number;
  readonly quantity: number;
}

/** As it is stored. */
export interface MoveRow {
  readonly id: bigint;
  readonly service_id: number;
  readonly plan: string;
  readonly to_version: number;
  readonly notice_days: number;
  readonly consent: MovePolicy['consent'];
  readonly without_consent: MovePolicy['without'];
  readonly text: string;
  readonly state: PriceMove['state'];
  readonly preview: readonly MoveGroup[];
  readonly total: bigint;
  readonly looked: bigint;
  readonly planned: bigint;
  readonly after_customer_id: bigint;
  readonly after_id: bigint;
  readonly created_at: Date;
  readonly created_by: string;
  readonly started_at: Date | null;
  readonly started_by: string | null;
  readonly finished_at: Date | null;
  readonly stopped_at: Date | null;
  readonly stopped_by: string | null;
  readonly stop_text: string | null;
  readonly called_off: bigint;
  readonly off_after_customer_id: bigint;
  readonly off_after_id: bigint;
}

export const MOVE_COLUMNS =
  sql.raw(`m.id, m.service_id, s.code as plan, m.to_version, m.notice_days, m.consent, m.without_consent, m.text, m.state,
  m.preview, m.total, m.looked, m.planned, m.after_customer_id, m.after_id, m.created_at, m.created_by, m.started_at,
  m.started_by, m.finished_at, m.stopped_at, m.stopped_by, m.stop_text, m.called_off, m.off_after_customer_id, m.off_after_id`);

/** Whom a card pays for an older version, by version. */
export async function countByVersion(
  executor: Executor,
  { serviceId, version }: { readonly serviceId: number; readonly version: number },
): Promise<readonly MoveGroup[]> {
  const { rows } = await sql<{ version: number; subscriptions: bigint; quantity: bigint }>`
    select s.terms_version as version, count(*) as subscriptions,
      sum((coalesce(k.priced, p.after) -> 'selection' ->> 'quantity')::integer)::bigint as quantity
    from subscriptions.subscription s
    join subscriptions.card_subscription k on k.customer_id = s.customer_id and k.id = s.id
    left join subscriptions.card_bill p on k.priced is null and p.customer_id = k.customer_id
      and p.subscription_id = k.id and p.period = k.priced_bill
    where s.service_id = ${serviceId} and s.operator = ${CARD} and s.ended_at is null and s.terms_version < ${version}
    group by s.terms_version order by s.terms_version limit 1000`.execute(executor);
  return rows.map((row) => ({
    version: row.version,
    ...{ subscriptions: Number(row.subscriptions), quantity: Number(row.quantity) },
  }));
}

export async function insertMove(
  tx: Tx,
  move: Pick<
    PriceMove,
    'id' | 'serviceId' | 'version' | 'text' | 'preview' | 'total' | 'createdAt' | 'createdBy'
  > &
    MovePolicy,
): Promise<void> {
  await sql`
    insert into subscriptions.price_move (id, service_id, to_version, notice_days, consent, without_consent, text, state,
      preview, total, created_at, created_by)
    values (${move.id}, ${move.serviceId}, ${move.version}, ${move.noticeDays}, ${move.consent}, ${move.without}, ${move.text},
      'previewed', ${JSON.stringify(move.preview)}::jsonb, ${move.total}, ${move.createdAt}, ${move.createdBy})`.execute(
    tx,
  );
}

export async function findMove(executor: Executor, id: bigint): Promise<PriceMove | undefined> {
  const { rows } = await sql<MoveRow>`
    select ${MOVE_COLUMNS} from subscriptions.price_move m join subscriptions.service s on s.id = m.service_id
    where m.id = ${id}`.execute(executor);
  return rows[0] && moveFromRow(rows[0]);
}

/** What is read of it afterwards is as it stands under the lock; whoever is at a set of it is waited for. */
export async function lockMove(tx: Tx, id: bigint): Promise<void> {
  await sql`select from subscriptions.price_move where id = ${id} for no key update`.execute(tx);
}

/** False where it was started or stopped before, or another of this plan is running or being stopped. */
export async function startMove(
  tx: Tx,
  input: { readonly id: bigint; readonly by: string; readonly now: Date },
): Promise<boolean> {
  const { rows } = await sql`
    update subscriptions.price_move m set state = 'running', started_at = ${input.now}, started_by = ${input.by}
    where m.id = ${input.id} and m.state = 'previewed' and not exists (
      select from subscriptions.price_move o where o.service_id = m.service_id and o.state in ('running', 'stopping')
    )
    returning m.id`.execute(tx);
  return rows.length > 0;
}

/** The move that has waited longest; one that another copy is at is passed over. */
export async function claimMove(tx: Tx): Promise<PriceMove | undefined> {
  const { rows } = await sql<MoveRow>`
    select ${MOVE_COLUMNS} from subscriptions.price_move m join subscriptions.service s on s.id = m.service_id
    where m.state = 'running' order by m.started_at, m.id limit 1 for no key update of m skip locked`.execute(
    tx,
  );
  return rows[0] && moveFromRow(rows[0]);
}

/** The next ones of older versions, in one order. */
export async function findNextOlder(
  tx: Tx,
  {
    after,
    most,
    serviceId,
    version,
  }: Pick<PriceMove, 'after' | 'serviceId' | 'version'> & {
    readonly most: number;
  },
): Promise<readonly SubscriptionKey[]> {
  const { rows } = await sql<{ customer_id: bigint; id: bigint }>`
    select customer_id, id from subscriptions.subscription
    where service_id = ${serviceId} and operator = ${CARD} and ended_at is null and terms_version < ${version}
      and (customer_id, id) > (${after.customerId}, ${after.id})
    order by customer_id, id limit ${most}`.execute(tx);
  return rows.map((row) => ({ customerId: row.customer_id, id: row.id }));
}

export interface MoveMember {
  readonly key: SubscriptionKey;
  readonly fromVersion: number;
  readonly outcome: 'planned' | 'skipped';
  readonly reason: string | null;
  readonly from: Date | null;
}

/** Writes down who was looked at, and where the move goes on. */
export async function writeLooked(
  tx: Tx,
  looked: {
    readonly move: bigint;
    readonly members: readonly MoveMember[];
    readonly after: SubscriptionKey;
    readonly isDone: boolean;
    readonly now: Date;
  },
): Promise<void> {
  const { after, isDone, members, move, now } = looked;
  await sql`
    insert into subscriptions.price_move_member (move_id, customer_id, subscription_id, from_version, outcome, reason,
      told_at, from_at)
    select ${move}, customer_id, subscription_id, version, outcome, reason, ${now}, from_at
    from unnest(${members.map(({ key }) => key.customerId)}::bigint[], ${members.map(({ key }) => key.id)}::bigint[],
      ${members.map((one) => one.fromVersion)}::integer[], ${members.map((one) => one.outcome)}::text[],
      ${members.map((one) => one.reason)}::text[], ${members.map((one) => one.from)}::timestamptz[]
    ) as n (customer_id, subscription_id, version, outcome, reason, from_at)`.execute(tx);
  const planned = members.filter(({ outcome }) => outcome === 'planned').length;
  await sql`
    update subscriptions.price_move set looked = looked + ${members.length}, planned = planned + ${planned},
      after_customer_id = ${after.customerId}, after_id = ${after.id},
      state = ${isDone ? 'done' : 'running'}, finished_at = ${isDone ? now : null}
    where id = ${move}`.execute(tx);
}

/** What became of those who were told. */
export type MoveOutcome = 'moved' | 'waiting' | 'ended' | 'kept' | 'called_off';

/** As it stands now. For whom it is off is counted so for good, whatever he does later. */
export async function countOutcomes(
  executor: Executor,
  { id, version }: Pick<PriceMove, 'id' | 'version'>,
): Promise<Readonly<Record<MoveOutcome, number>>> {
  const { rows } = await sql<{ what: MoveOutcome; count: bigint }>`
    select o.what, count(*) as count
    from subscriptions.price_move_member m
    join subscriptions.price_move p on p.id = m.move_id
    join subscriptions.subscription s on s.customer_id = m.customer_id and s.id = m.subscription_id
    join subscriptions.card_subscription k on k.customer_id = s.customer_id and k.id = s.id
    cross join lateral (select case
      when m.called_off_at is not null then 'called_off'
      when s.service_id = p.service_id and s.terms_version >= ${version} then 'moved'
      when s.ended_at is not null then 'ended'
      when k.move is not null then 'waiting' else 'kept' end as what) o
    where m.move_id = ${id} and m.outcome = 'planned' group by o.what`.execute(executor);
  const counts = new Map(rows.map(({ count, what }) => [what, Number(count)]));
  const count = (what: MoveOutcome) => counts.get(what) ?? 0;
  return {
    ...{ moved: count('moved'), waiting: count('waiting'), ended: count('ended') },
    ...{ kept: count('kept'), called_off: count('called_off') },
  };
}

export function moveFromRow(row: MoveRow): PriceMove {
  return {
    ...{ id: row.id, serviceId: row.service_id, plan: row.plan, version: row.to_version },
    ...{ noticeDays: row.notice_days, consent: row.consent, without: row.without_consent },
    ...{ text: row.text, state: row.state, preview: row.preview },
    ...{ total: Number(row.total), looked: Number(row.looked), planned: Number(row.planned) },
    after: { customerId: row.after_customer_id, id: row.after_id },
    ...{ createdAt: row.created_at, createdBy: row.created_by },
    ...{ startedAt: row.started_at, startedBy: row.started_by, finishedAt: row.finished_at },
    ...{ stoppedAt: row.stopped_at, stoppedBy: row.stopped_by, stopText: row.stop_text },
    calledOff: Number(row.called_off),
    offAfter: { customerId: row.off_after_customer_id, id: row.off_after_id },
  };
}
