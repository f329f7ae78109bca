import { deferred, type Executor, sql, type Tx } from '#database';
import type { SmsState } from './message.ts';

export interface NewEvent {
  readonly id: bigint;
  readonly messageId: bigint;
  readonly state: SmsState;
  readonly provider: string;
  readonly attempt: number;
  readonly reason: string | null;
  readonly trace: string | null;
}

export interface EventRow {
  readonly id: bigint;
  readonly xid: string;
  readonly message_id: bigint;
  readonly at: Date;
  readonly state: SmsState;
  readonly provider: string;
  readonly attempt: number;
  readonly reason: string | null;
  readonly trace: string | null;
}

export async function insertEvents(
  tx: Tx,
  input: { readonly events: readonly NewEvent[]; readonly now: Date },
): Promise<void> {
  const { events, now } = input;
  if (events.length === 0) return;
  await deferred`
    insert into sms.event (id, message_id, at, state, provider, attempt, reason, trace)
    select id, message_id, ${now}, state, provider, attempt, reason, trace
    from unnest(${events.map((one) => one.id)}::bigint[], ${events.map((one) => one.messageId)}::bigint[],
      ${events.map((one) => one.state)}::text[], ${events.map((one) => one.provider)}::text[],
      ${events.map((one) => one.attempt)}::smallint[], ${events.map((one) => one.reason)}::text[],
      ${events.map((one) => one.trace)}::text[]) as n (id, message_id, state, provider, attempt, reason, trace)`.execute(
    tx,
  );
}

const COLUMNS = sql.raw(
  'e.id, e.xid::text as xid, e.message_id, e.at, e.state, e.provider, e.attempt, e.reason, e.trace',
);
const EVENTS_SHOWN_MOST = 500;

/** The history of a message, oldest first. */
export async function readHistory(
  executor: Executor,
  messageId: bigint,
): Promise<readonly EventRow[]> {
  const { rows } = await sql<EventRow>`
    select ${COLUMNS} from sms.event e where e.message_id = ${messageId}
    order by e.id limit ${EVENTS_SHOWN_MOST}`.execute(executor);
  return rows;
}
