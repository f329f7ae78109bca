import type { Clock } from '#clock';
import type { Database } from '#database';
import type { Log } from '#log';
import { writeAccountTypes } from './account-store.ts';
import type { AccountType } from './account-type.ts';
import {
  type CashFacts,
  type ChargeTransfers,
  type Contracts,
  createCashFacts,
  createChargeTransfers,
  createContracts,
} from './contracts/index.ts';
import { fail } from './errors.ts';
import { createHolds, type Holds } from './holds/index.ts';
import { type Accounts, createAccounts } from './open-accounts.ts';
import { createSettlements, type Settlements } from './settlements/index.ts';
import {
  createPoster,
  createReading,
  createReverser,
  type Poster,
  type Reading,
  type Reverser,
} from './transfers/index.ts';
import {
  createSealer,
  type Sealer,
  type Verification,
  type VerifyOptions,
  verifyLedger,
} from './verifying/index.ts';

/** The system of accounts: double entry, on PostgreSQL. */
export interface Ledger
  extends Accounts,
    Poster,
    Reading,
    Holds,
    Reverser,
    Sealer,
    ChargeTransfers,
    CashFacts,
    Settlements {
  readonly contracts: Contracts;
  readonly types: readonly AccountType[];
  /** Reads all of it again: see `verifyLedger`. */
  verify(options?: VerifyOptions): Promise<Verification>;
}

export interface LedgerOptions {
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Log;
  /** As `readAccountTypes` reads them. */
  readonly types: readonly AccountType[];
}

/** Writes the account types down first: throws `account_type_in_use` where accounts of a type forbid its change. */
export async function createLedger(options: LedgerOptions): Promise<Ledger> {
  const { database, types } = options;
  const inUse = await database.transaction((tx) => writeAccountTypes(tx, types));
  if (inUse.length > 0) {
    throw fail(
      'account_type_in_use',
      `Account types that have accounts keep their side, currency and limit: ${inUse.join(', ')}.`,
    );
  }
  const accounts = createAccounts(options);
  const contracts = createContracts(options);
  const poster = createPoster(options);
  return {
    ...{ ...accounts, ...poster, ...createReading(options), ...createHolds(options) },
    ...{ ...createReverser({ ...options, accounts, poster }), ...createSealer(options) },
    ...{ ...createChargeTransfers(accounts, contracts), ...createCashFacts(options) },
    ...{ ...createSettlements({ ...options, accounts, poster }), contracts, types },
    verify: (how) => verifyLedger(database, how),
  };
}
