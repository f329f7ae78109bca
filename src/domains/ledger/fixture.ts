import { createSystemClock } from '#clock';
import type { Database } from '#database';
import { uuidV7 } from '#ids';
import { silentLog } from '#log';
import type { Account } from './account.ts';
import { parseAccountTypes } from './account-type.ts';
import { createLedger, type Ledger } from './create-ledger.ts';
import { credit, debit, type Transfer } from './transfer.ts';

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
