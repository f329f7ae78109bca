import { type Executor, sql, type Tx } from '#database';
import type { HoldState } from './hold.ts';

export interface LockedBalance {
  readonly account_id: bigint;
  readonly posted: bigint;
  readonly held: bigint;
  readonly side: number;
  readonly guarded: boolean;
}

/**
 * Locks the balances in the order of ids, all by one statement. Whoever ends a hold locks the balances of its accounts
 * first, together with those that its transfer touches, and the holds after them: the order of the whole ledger.
 */
export async function lockBalances(
  tx: Tx,
  ids: readonly bigint[],
): Promise<ReadonlyMap<bigint, LockedBalance>> {
  const { rows } = await sql<LockedBalance>`
    select account_id, posted, held, side, guarded from ledger.balance
    where account_id = any (${ids}::bigint[]) order by account_id for no key update`.execute(tx);
  return new Map(rows.map((row) => [row.account_id, row]));
}

export interface HoldRow {
  readonly id: string;
  readonly kind: string;
  readonly reference: string;
  readonly accounts: readonly bigint[];
  readonly amounts: readonly bigint[];
  /** As a UUID is written. */
  readonly fingerprint: string;
  readonly state: HoldState;
  readonly created_at: Date;
  readonly expires_at: Date;
  readonly ended_at: Date | null;
  readonly transfer_id: string | null;
}

const HOLD_COLUMNS =
  sql.raw(`id, kind, reference, accounts, amounts, replace(fingerprint::text, '-', '') as fingerprint,
  state, created_at, expires_at, ended_at, transfer_id`);

export async function findHolds(
  executor: Executor,
  ids: readonly string[],
): Promise<readonly HoldRow[]> {
  const { rows } = await sql<HoldRow>`
    select ${HOLD_COLUMNS} from ledger.hold where id = any (${ids}::uuid[]) order by id`.execute(
    executor,
  );
  return rows;
}

/** In the order of ids, after their accounts. */
export async function lockHolds(tx: Tx, ids: readonly string[]): Promise<readonly HoldRow[]> {
  const { rows } = await sql<HoldRow>`
    select ${HOLD_COLUMNS} from ledger.hold where id = any (${ids}::uuid[])
    order by id for no key update`.execute(tx);
  return rows;
}

export type FreshHold = Pick<
  HoldRow,
  'id' | 'kind' | 'reference' | 'accounts' | 'amounts' | 'fingerprint' | 'expires_at'
>;

/** Answers how many: fewer when another transaction has just written one of these ids for other accounts. */
export async function insertHolds(tx: Tx, holds: readonly FreshHold[], now: Date): Promise<number> {
  const rows = holds.map((hold) => ({
    ...hold,
    accounts: hold.accounts.map(String),
    amounts: hold.amounts.map(String),
  }));
  // In the order of ids: who inserts the same id waits for us, and must not make us wait in turn.
  const { numAffectedRows = 0n } = await sql`
    insert into ledger.hold (id, kind, reference, accounts, amounts, fingerprint, created_at, expires_at)
    select id, kind, reference, accounts, amounts, fingerprint, ${now}, expires_at
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as n (id uuid, kind text, reference text,
      accounts bigint[], amounts bigint[], fingerprint uuid, expires_at timestamptz)
    order by id on conflict do nothing`.execute(tx);
  return Number(numAffectedRows);
}

/** Sets more aside, or less; the balances are locked. */
export async function changeHeld(tx: Tx, changes: ReadonlyMap<bigint, bigint>): Promise<void> {
  await sql`
    update ledger.balance b set held = b.held + c.change
    from unnest(${[...changes.keys()]}::bigint[], ${[...changes.values()]}::bigint[]) as c (account_id, change)
    where b.account_id = c.account_id`.execute(tx);
}

/** The holds are locked, and open. */
export async function endHolds(
  tx: Tx,
  end: {
    readonly ids: readonly string[];
    readonly state: Exclude<HoldState, 'open'>;
    readonly transfer?: string;
    readonly now: Date;
  },
): Promise<void> {
  await sql`
    update ledger.hold set state = ${end.state}, ended_at = ${end.now}, transfer_id = ${end.transfer ?? null}
    where id = any (${end.ids}::uuid[])`.execute(tx);
}

/** Any number, the same in every process: one copy at a time looks for what has expired. */
const EXPIRY_LOCK = 7_787_081;

/** Until the end of the transaction; false while another copy has it. */
export async function lockExpiry(tx: Tx): Promise<boolean> {
  const { rows } = await sql<{ locked: boolean }>`
    select pg_try_advisory_xact_lock(${EXPIRY_LOCK}) as locked`.execute(tx);
  return rows[0]?.locked ?? false;
}

/** Open holds whose time is over, the longest first; not locked. */
export async function findExpired(
  tx: Tx,
  input: { readonly now: Date; readonly limit: number },
): Promise<readonly HoldRow[]> {
  const { rows } = await sql<HoldRow>`
    select ${HOLD_COLUMNS} from ledger.hold where state = 'open' and expires_at <= ${input.now}
    order by expires_at limit ${input.limit}`.execute(tx);
  return rows;
}
