import { type Database, sql, type Tx } from '#database';
import { AppError } from '#errors';

/**
 * The lanes of a queue that one loop owns. A lane has one owner at a time, by a lease in real time; whoever takes
 * from it locks it, so that an owner whose lease ended in the midst of its work is waited for.
 */
export interface Lanes {
  /** Renews the leases when it is time, gives back what is above a fair share, takes what is free. */
  keep(): Promise<void>;
  /** Those of the last `keep`, sorted; none once their lease must have ended. */
  owned(): readonly number[];
  /** Locks `lanes` until `tx` ends. Throws `lane_lost` (transient) when one is no longer ours. */
  fence(tx: Tx, lanes: readonly number[]): Promise<void>;
  release(): Promise<void>;
}

const LEASE_MS = 15_000;
const RENEWAL_MS = 3000;
/** With less than its share a loop asks more often: others give back within their next renewal. */
const HUNGRY_MS = 250;

export function createLanes(
  database: Database,
  queue: { readonly queue: number; readonly topic: string },
  owner: string,
): Lanes {
  let settleAtMs = 0;
  let endsAtMs = 0;
  let owned: readonly number[] = [];
  return {
    async keep() {
      const nowMs = performance.now();
      if (nowMs < settleAtMs) return;
      const settled = await database.transaction((tx) => settle(tx, queue.queue, owner));
      owned = settled.owned;
      endsAtMs = nowMs + LEASE_MS;
      settleAtMs = performance.now() + (settled.content ? RENEWAL_MS : HUNGRY_MS);
    },
    owned: () => (performance.now() < endsAtMs ? owned : []),
    async fence(tx, lanes) {
      const wanted = [...new Set(lanes)];
      const locked = await sql`
        select lane from platform.bus_lane
        where queue = ${queue.queue} and lane = any (${wanted}::smallint[])
          and owner = ${owner} and lease_until > clock_timestamp()
        order by lane for update`.execute(tx);
      if (locked.rows.length < wanted.length) {
        settleAtMs = 0;
        throw new AppError('unavailable', 'lane_lost', `A lane of ${queue.topic} has a new owner.`);
      }
    },
    async release() {
      settleAtMs = 0;
      owned = [];
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

/** `content` when the loop has its share. */
async function settle(tx: Tx, queue: number, owner: string) {
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
  const kept = await sql<{ lane: number }>`
    update platform.bus_lane set lease_until = ${lease}
    where queue = ${queue} and owner = ${owner} and lease_until > clock_timestamp()
    returning lane`.execute(tx);
  const free = await sql<{ lane: number }>`
    update platform.bus_lane set owner = ${owner}, lease_until = ${lease}
    where queue = ${queue} and lane = any (array(
      select lane from platform.bus_lane where queue = ${queue} and lease_until <= clock_timestamp()
      order by lane limit ${Math.max(0, share - mine)} for update skip locked
    ))
    returning lane`.execute(tx);
  const owned = [...kept.rows, ...free.rows].map(({ lane }) => lane).sort((a, b) => a - b);
  return { owned, content: owned.length === share };
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
