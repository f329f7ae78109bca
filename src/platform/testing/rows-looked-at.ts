import { type Database, sql, type Tx } from '#database';

/**
 * How many rows of these tables `work` has looked at, through an index or not, as the server counts them: in one transaction of one
 * connection, because what others have read is counted whenever they come to it. What it answers comes with it.
 */
export async function rowsLookedAt<Result>(
  database: Database,
  tables: readonly string[],
  work: (tx: Tx) => Promise<Result>,
): Promise<{ readonly result: Result; readonly rows: number }> {
  return database.transaction(async (tx) => {
    const looked = async () => {
      const { rows } = await sql<{ looked: bigint }>`
        select sum(seq_tup_read + idx_tup_fetch)::bigint as looked from pg_stat_xact_user_tables
        where relid = any (${tables}::text[]::regclass[])`.execute(tx);
      return Number(rows[0]?.looked ?? 0n);
    };
    const before = await looked();
    const result = await work(tx);
    return { result, rows: (await looked()) - before };
  });
}
