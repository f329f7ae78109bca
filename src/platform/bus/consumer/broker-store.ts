import { type TakenParcel, type TakenRow, unpack } from '#bus/store';
import { type Executor, prepared, sql, type Tx } from '#database';

/** Due messages of a broker's queue; `waiting` says of which class the broker has fresh ones. */
export async function takeDueBeside(
  tx: Tx,
  input: {
    readonly queue: number;
    readonly slots: readonly number[];
    readonly most: number;
    readonly now: Date;
    readonly ordered: boolean;
    readonly waiting: readonly boolean[];
  },
): Promise<TakenRow[]> {
  const { rows } = await prepared<TakenParcel>`select * from platform.bus_take_due(${input.queue},
    ${input.slots}::smallint[], '{}', ${input.most}, ${input.now}, ${input.ordered}, ${input.waiting}::boolean[])`.execute(
    tx,
  );
  return rows.flatMap(unpack);
}

/** Which of `keys` have a message that waits for its next attempt. */
export async function keysThatWait(
  tx: Tx,
  queue: number,
  keys: readonly string[],
): Promise<ReadonlySet<string>> {
  const { rows } = await sql<{ key: string }>`
    select w.key from unnest(${[...new Set(keys)]}::text[]) as w (key)
    where exists (select from platform.bus_delayed d where d.queue = ${queue} and d.key = w.key)`.execute(
    tx,
  );
  return new Set(rows.map(({ key }) => key));
}

/** A fresh message that has to wait here: behind another of its key, or because it may be poison. */
export interface Parked {
  readonly row: TakenRow;
  readonly attempts: number;
  readonly alone: boolean;
  readonly error: string | null;
}

export async function park(
  tx: Tx,
  queue: number,
  input: { readonly parked: readonly Parked[]; readonly now: Date },
): Promise<void> {
  const { parked, now } = input;
  if (parked.length === 0) return;
  const column = <Value>(read: (one: Parked) => Value) => parked.map(read);
  await sql`
    insert into platform.bus_delayed
      (queue, slot, id, message_id, key, published_at, source, traceparent, payload, due_at, attempts, alone, error)
    select ${queue}, slot, id, message_id, key, published_at, source, traceparent, payload::json, ${now}, attempts,
      alone, error
    from unnest(
      ${column(({ row }) => row.slot)}::smallint[], ${column(({ row }) => row.id)}::bigint[],
      ${column(({ row }) => row.message_id)}::uuid[], ${column(({ row }) => row.key)}::text[],
      ${column(({ row }) => row.published_at)}::timestamptz[], ${column(({ row }) => row.source)}::text[],
      ${column(({ row }) => row.traceparent)}::text[], ${column(({ row }) => row.payload)}::text[],
      ${column(({ attempts }) => attempts)}::smallint[], ${column(({ alone }) => alone)}::boolean[],
      ${column(({ error }) => error)}::text[]
    ) as n (slot, id, message_id, key, published_at, source, traceparent, payload, attempts, alone, error)`.execute(
    tx,
  );
}

/** Which of `ids` a consumer other than `hand` holds and has not done, dead or alive. */
export async function heldByOthers(
  executor: Executor,
  input: { readonly queue: number; readonly hand: string; readonly ids: readonly string[] },
): Promise<ReadonlySet<string>> {
  const { rows } = await sql<{ message_id: string }>`
    select w.message_id from unnest(${input.ids}::uuid[]) as w (message_id)
    where not exists (
      select from platform.bus_inbox i where i.queue = ${input.queue} and i.message_id = w.message_id
    ) and exists (
      select from platform.bus_hand h
      where h.queue = ${input.queue} and h.hand <> ${input.hand} and w.message_id = any (h.message_ids)
    )`.execute(executor);
  return new Set(rows.map(({ message_id }) => message_id));
}
