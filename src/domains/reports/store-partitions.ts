import { type Executor, sql, type Tx } from '#database';

/** The tables that grow with time, all in one way: by the month of `at`. */
export const PARTITIONED = [
  'hit',
  'user_action',
  'transaction_log',
  'transaction',
  'subscription_status',
  'timeline',
] as const;
export type PartitionedTable = (typeof PARTITIONED)[number];

/** Any number, the same in every process: one makes partitions at a time. */
const PARTITION_LOCK = 7_787_070;
/** Writers queue behind a lock that waits: better to come back later. */
const LOCK_PATIENCE = '1s';

/** Names of the partitions that are there: `timeline_2026_11`, … */
export async function readPartitions(executor: Executor): Promise<ReadonlySet<string>> {
  const { rows } = await sql<{ name: string }>`
    select child.relname::text as name from pg_inherits i
    join pg_class child on child.oid = i.inhrelid
    join pg_class parent on parent.oid = i.inhparent
    join pg_namespace n on n.oid = parent.relnamespace
    where n.nspname = 'reports' and parent.relkind = 'p'`.execute(executor);
  return new Set(rows.map((row) => row.name));
}

/**
 * Makes the partition of one month, and moves into it what the net (`_rest`) has caught meanwhile. `attach` locks
 * the net only; writers of other months go on. Answers false when another process was faster.
 */
export async function createPartition(
  tx: Tx,
  input: {
    readonly table: PartitionedTable;
    readonly name: string;
    readonly from: Date;
    readonly to: Date;
  },
): Promise<boolean> {
  await sql`select set_config('lock_timeout', ${LOCK_PATIENCE}, true)`.execute(tx);
  await sql`select pg_advisory_xact_lock(${PARTITION_LOCK})`.execute(tx);
  if ((await readPartitions(tx)).has(input.name)) return false;
  const parent = sql.table(`reports.${input.table}`);
  const rest = sql.table(`reports.${input.table}_rest`);
  const month = sql.table(`reports.${input.name}`);
  const [from, to] = [sql.lit(input.from.toISOString()), sql.lit(input.to.toISOString())];
  await sql`create table ${month} (like ${parent} including defaults including constraints)`.execute(
    tx,
  );
  await sql`lock table ${rest} in access exclusive mode`.execute(tx);
  await sql`
    with caught as (delete from ${rest} where at >= ${from} and at < ${to} returning *)
    insert into ${month} select * from caught`.execute(tx);
  await sql`alter table ${parent} attach partition ${month} for values from (${from}) to (${to})`.execute(
    tx,
  );
  return true;
}
