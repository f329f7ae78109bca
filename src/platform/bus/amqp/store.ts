import { prepared, sql, type Tx } from '#database';

export interface InboxRow {
  readonly message_id: string;
  readonly suspected: boolean;
  readonly id: bigint;
  readonly pid: number;
}

/**
 * Writes down that `ids` are taken; answers those that had not been before. This transaction waits for the disk, because
 * after it the broker forgets them. Sorted, so that two that were delivered the same don't lock each other out.
 */
export async function markTaken(
  tx: Tx,
  queue: number,
  ids: readonly string[],
): Promise<readonly InboxRow[]> {
  const { rows } = await prepared<InboxRow>`
    with durable as (
      select set_config('synchronous_commit', 'on', true)
    ), marked as (
      insert into platform.bus_inbox (queue, message_id)
      select ${queue}, id from unnest(${`{${ids.join(',')}}`}::uuid[]) as w (id), durable order by id
      on conflict do nothing returning message_id
    ), suspected as (
      delete from platform.bus_suspected s using marked
      where s.queue = ${queue} and s.message_id = marked.message_id returning s.message_id
    )
    select m.message_id, exists (select from suspected s where s.message_id = m.message_id) as suspected,
      platform.bus_next_id() as id, pg_backend_pid() as pid
    from marked m`.execute(tx);
  return rows;
}

/** Rows older than `hours` of messages that nobody can send again. */
export async function forgetTaken(
  tx: Tx,
  input: { readonly queue: number; readonly hours: number; readonly most: number },
): Promise<number> {
  const { rows } = await sql`
    delete from platform.bus_inbox where ctid = any (array(
      select i.ctid from platform.bus_inbox i
      where i.queue = ${input.queue} and i.taken_at < clock_timestamp() - make_interval(hours => ${input.hours})
        and not exists (select from platform.bus_outgoing o where o.message_id = i.message_id)
      limit ${input.most} for update skip locked
    )) returning 1 as one`.execute(tx);
  return rows.length;
}
