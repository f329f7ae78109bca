import { type Database, sql, type Tx } from '#database';
import { AppError } from '#errors';
import type { QueueRow, TakenRow } from './store.ts';

/**
 * The lanes of an ordered queue that one consumer loop owns. A lane has one owner at a time, by a lease in real
 * time; whoever takes from it locks it, so that an owner whose lease ended in the midst of its work is waited for.
 */
export interface Lanes {
  /** Renews the leases when it is time, gives back what is above a fair share, takes what is free. */
  keep(): Promise<void>;
  /** Locks the lanes of `rows` until `tx` ends. Throws `lane_lost` (transient) when one is no longer ours. */
  fence(tx: Tx, rows: readonly TakenRow[]): Promise<void>;
  release(): Promise<void>;
}

const LEASE_MS = 15_000;
const RENEWAL_MS = 3000;
/** With less than its share a loop asks more often: others give back within their next renewal. */
const HUNGRY_MS = 250;

export function createLanes(database: Database, queue: QueueRow, owner: string): Lanes {
  let settleAtMs = 0;
  return {
    async keep() {
      if (performance.now() < settleAtMs) return;
      const content = await database.transaction((tx) => settle(tx, queue.queue, owner));
      settleAtMs = performance.now() + (content ? RENEWAL_MS : HUNGRY_MS);
    },
    async fence(tx, rows) {
      const wanted = [...new Set(rows.map((row) => row.slot))];
      const owned = await sql`
        select lane from platform.bus_lane
        where queue = ${queue.queue} and lane = any (${wanted}::smallint[])
          and owner = ${owner} and lease_until > clock_timestamp()
        order by lane for update`.execute(tx);
      if (owned.rows.length < wanted.length) {
        throw new AppError('unavailable', 'lane_lost', `A lane of ${queue.topic} has a new owner.`);
      }
    },
    async release() {
      settleAtMs = 0;
      await database.transaction(async (tx) => {
        await sql`delete from platform.bus_member where queue = ${queue.queue} and owner = ${owner}`.execute(
          tx,
        );
        await sql`update platform.bus_lane set owner = null, lease_until = '-infinity'
          where queue = ${queue.queue} and owner = ${owner}`.execute(tx);
      });
    },
  };
}

/** True when the loop has its share. */
async function settle(tx: Tx, queue: number, owner: string): Promise<boolean> {
  const { lanes, members, rank, mine } = await takePart(tx, queue, owner);
  const share = Math.floor(lanes / members) + (rank < lanes % members ? 1 : 0);
  const surplus = Math.max(0, mine - share);
  const lease = sql`clock_timestamp() + make_interval(secs => ${LEASE_MS / 1000})`;
  await sql`
    update platform.bus_lane set owner = null, lease_until = '-infinity'
    where queue = ${queue} and lane = any (array(
      select lane from platform.bus_lane where queue = ${queue} and owner = ${owner}
      order by lane desc limit ${surplus} for update skip locked
    ))`.execute(tx);
  await sql`
    update platform.bus_lane set lease_until = ${lease}
    where queue = ${queue} and owner = ${owner} and lease_until > clock_timestamp()`.execute(tx);
  const free = await sql`
    update platform.bus_lane set owner = ${owner}, lease_until = ${lease}
    where queue = ${queue} and lane = any (array(
      select lane from platform.bus_lane where queue = ${queue} and lease_until <= clock_timestamp()
      order by lane limit ${Math.max(0, share - mine)} for update skip locked
    ))
    returning lane`.execute(tx);
  return mine - surplus + free.rows.length === share;
}

/** Says that we live, forgets those that don't, and counts. */
async function takePart(tx: Tx, queue: number, owner: string) {
  await sql`
    insert into platform.bus_member (queue, owner, lease_until)
    values (${queue}, ${owner}, clock_timestamp() + make_interval(secs => ${LEASE_MS / 1000}))
    on conflict on constraint bus_member_pkey do update set lease_until = excluded.lease_until`.execute(
    tx,
  );
  await sql`
    delete from platform.bus_member where ctid = any (array(
      select ctid from platform.bus_member
      where queue = ${queue} and lease_until < clock_timestamp() for update skip locked
    ))`.execute(tx);
  const { rows } = await sql<{ lanes: number; members: number; rank: number; mine: number }>`
    select l.lanes, l.mine, m.members, m.rank
    from (
      select count(*)::integer as lanes,
        count(*) filter (where owner = ${owner} and lease_until > clock_timestamp())::integer as mine
      from platform.bus_lane where queue = ${queue}
    ) l, (
      select count(*)::integer as members, count(*) filter (where owner < ${owner})::integer as rank
      from platform.bus_member where queue = ${queue} and lease_until >= clock_timestamp()
    ) m`.execute(tx);
  return rows[0] ?? { lanes: 0, members: 1, rank: 0, mine: 0 };
}
