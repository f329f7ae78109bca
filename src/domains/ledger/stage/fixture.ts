import { createSystemClock } from '#clock';
import { type Database, sql } from '#database';
import { uuidV7 } from '#ids';
import type { Account } from '#ledger/account';
import { parseAccountTypes } from '#ledger/account-type';
import { createLedger, type Ledger } from '#ledger/create-ledger';
import { credit, debit, type Transfer } from '#ledger/transfers';
import { silentLog } from '#log';

const TYPES = `
source: { title: Money comes from here, normal: debit, below-zero: true }
other: { title: Grows by credits and may go below zero, normal: credit, below-zero: true }
purse: { title: May not go below zero, normal: credit, below-zero: false, debt: debt }
debt: { title: What a purse owes, normal: debit, below-zero: true }
vault: { title: A debit side that may not go below zero, normal: debit, below-zero: false }
`;

/** A ledger with a few simple types. */
export function testLedger(database: Database, clock = createSystemClock()): Promise<Ledger> {
  const types = parseAccountTypes(TYPES, 'test');
  return createLedger({ database, clock, log: silentLog(), types });
}

/** Two lines from `from` to `to`. */
export function move(
  from: Account,
  to: Account,
  amountMinor: bigint,
  more: Partial<Transfer> = {},
): Transfer {
  return {
    ...{ id: uuidV7(), kind: 'test', reference: 'a test' },
    ...{ lines: [debit(from, amountMinor), credit(to, amountMinor)], ...more },
  };
}

/** Many entries of an empty account by two statements, each of 1 and of a transfer of its own, one every second. */
export async function fillWithEntries(
  database: Database,
  id: bigint,
  { count, from }: { readonly count: number; readonly from: Date },
): Promise<void> {
  await sql`
    with made as (
      insert into ledger.transfer (id, kind, reference, booked_at, accounts, amounts, fingerprint)
      select gen_random_uuid(), 'test', '', ${from}::timestamptz + n * interval '1 second', array[${id}::bigint],
        array[1::bigint], gen_random_uuid() from generate_series(1, ${count}::integer) n
      returning id, booked_at
    )
    insert into ledger.entry (account_id, number, transfer_id, amount, balance, booked_at)
    select ${id}, row_number() over (order by booked_at), id, 1, row_number() over (order by booked_at), booked_at
    from made`.execute(database.pool);
  await sql`
    update ledger.balance set posted = ${count}, entries = ${count},
      booked_at = ${from}::timestamptz + ${count}::integer * interval '1 second'
    where account_id = ${id}`.execute(database.pool);
}
