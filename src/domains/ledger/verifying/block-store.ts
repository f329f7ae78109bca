import { sql, type Tx } from '#database';

/** Any number, the same in every process: one copy at a time adds to the chain. */
const SEAL_LOCK = 7_787_080;

/** Until the end of the transaction; false while another copy has it. */
export async function lockChain(tx: Tx): Promise<boolean> {
  const { rows } = await sql<{ locked: boolean }>`
    select pg_try_advisory_xact_lock(${SEAL_LOCK}) as locked`.execute(tx);
  return rows[0]?.locked ?? false;
}

/**
 * Takes sets that stand in no block yet, in the order in which they were posted, and answers the ids of their transfers:
 * at least one set, and no further one when there are `most` already.
 */
export async function takeUnsealed(
  tx: Tx,
  { most, setsMax }: { readonly most: number; readonly setsMax: number },
): Promise<readonly string[]> {
  const { rows } = await sql<{ transfer: string }>`
    with waiting as (
      select number, cardinality(transfers) as size from ledger.unsealed order by number limit ${setsMax}
    ), chosen as (
      select number from (select number, sum(size) over (order by number) - size as before from waiting) w
      where before < ${most}
    ), taken as (
      delete from ledger.unsealed where number = any (array(select number from chosen)) returning number, transfers
    )
    select x.transfer from taken t cross join unnest(t.transfers) with ordinality as x (transfer, place)
    order by t.number, x.place`.execute(tx);
  return rows.map(({ transfer }) => transfer);
}

export interface BlockHead {
  readonly number: bigint;
  readonly hash: Buffer;
}

const BEFORE_THE_FIRST: BlockHead = { number: 0n, hash: Buffer.alloc(0) };

/** The last block; before the first one a number of 0 and no hash. */
export async function findHead(tx: Tx): Promise<BlockHead> {
  const { rows } = await sql<BlockHead>`
    select number, hash from ledger.block order by number desc limit 1`.execute(tx);
  return rows[0] ?? BEFORE_THE_FIRST;
}

/** Adds a block behind `head`, and answers what is the head then. */
export async function insertBlock(
  tx: Tx,
  block: { readonly head: BlockHead; readonly transfers: readonly string[]; readonly now: Date },
): Promise<BlockHead> {
  const { head, now, transfers } = block;
  const number = head.number + 1n;
  const { rows } = await sql<BlockHead>`
    insert into ledger.block (number, transfers, previous, hash, sealed_at)
    select ${number}, ${transfers}::uuid[], ${head.hash}::bytea,
      ledger.block_hash(${number}, ${transfers}::uuid[], ${head.hash}::bytea), ${now}
    returning number, hash`.execute(tx);
  return rows[0] ?? head;
}
