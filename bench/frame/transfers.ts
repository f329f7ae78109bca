import { createSystemClock } from '#clock';
import type { Database } from '#database';
import { uuidV7 } from '#ids';
import {
  type Account,
  createLedger,
  credit,
  debit,
  type Ledger,
  parseAccountTypes,
  type Transfer,
} from '#ledger';
import { silentLog } from '#log';

const TYPES = `
source: { title: Money comes from here, normal: debit, below-zero: true }
purse: { title: May not go below zero, normal: credit, below-zero: false }
`;
const OPENED_AT_ONCE = 1000;

export interface Purses {
  readonly ledger: Ledger;
  readonly source: Account;
  readonly purses: readonly Account[];
}

/** A ledger with one source and so many purses, all open, on an empty database. */
export async function openPurses(database: Database, count: number): Promise<Purses> {
  const types = parseAccountTypes(TYPES, 'benchmark');
  const ledger = await createLedger({
    database,
    clock: createSystemClock(),
    log: silentLog(),
    types,
  });
  const [source] = await ledger.open([{ type: 'source', currency: 'PKR' }]);
  if (!source) throw new Error('must hold: an account that was opened is there');
  const purses: Account[] = [];
  while (purses.length < count) {
    const names = Array.from(
      { length: Math.min(OPENED_AT_ONCE, count - purses.length) },
      (_, at) => ({
        ...{ type: 'purse', currency: 'PKR', clientId: `c${purses.length + at}` },
      }),
    );
    purses.push(...(await ledger.open(names)));
  }
  return { ledger, source, purses };
}

/** One transfer of two lines, from `from` to `to`. */
export function transferOf(from: Account, to: Account, amountMinor = 100n): Transfer {
  return {
    ...{ id: uuidV7(), kind: 'charge', reference: 'pay_1k9x0c7x1k9x0c7' },
    lines: [debit(from, amountMinor), credit(to, amountMinor)],
  };
}
