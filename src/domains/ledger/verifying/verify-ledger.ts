import type { Database } from '#database';
import type { Finding } from './finding.ts';
import { verifyAccounts } from './verify-accounts.ts';
import { verifyChain, verifyTransfers } from './verify-journal.ts';
import { holdStill, readSize } from './verify-store.ts';
import type { Verifying, VerifyProgress } from './verifying.ts';

export interface VerifyOptions {
  /** Of this account only: its balance, its entries, and their transfers. */
  readonly account?: bigint;
  readonly progress?: (progress: VerifyProgress) => void;
}

export interface Verification {
  /** Nothing is wrong when it is empty. */
  readonly findings: readonly Finding[];
  /** Findings beyond those that are told. */
  readonly untold: number;
  readonly accounts: bigint;
  readonly entries: bigint;
  readonly blocks: bigint;
}

/** More than a person reads; whoever has so many restores a backup. */
const FINDINGS_MAX = 200;

/** Transfers are compared with all entries in shares of about so many entries, each a reading of the whole. */
const SHARE_ENTRIES = 2_000_000n;
const SHARES_MAX = 64;

/**
 * Reads the whole ledger again, in chunks, as it stands at one instant, and tells everything that can not be: numbers
 * with gaps, balances that are not the sum of their entries, times that go back, held amounts without holds, sums that
 * are not zero, entries that are not the lines of their transfers, transfers outside of the chain, a chain that was
 * changed. It locks nothing, but holds back the tidying of old rows while it runs: a large ledger is verified on a copy.
 */
export async function verifyLedger(
  database: Database,
  options: VerifyOptions = {},
): Promise<Verification> {
  return database.attempt(async (tx) => {
    await holdStill(tx);
    const account = options.account ?? null;
    const size = await readSize(tx, account);
    const shares = Math.min(SHARES_MAX, Number(size.entries / SHARE_ENTRIES) + 1);
    const findings: Finding[] = [];
    let [untold, done] = [0, 0];
    const total =
      Number(size.accounts) +
      Number(size.entries) * 2 +
      (account === null ? Number(size.blocks) : 0);
    const verifying: Verifying = {
      ...{ tx, size, account },
      find(kind, text) {
        if (findings.length < FINDINGS_MAX) findings.push({ kind, text });
        else untold += 1;
      },
      step(part, steps) {
        done = Math.min(total, done + steps);
        options.progress?.({ part, done, total });
      },
    };
    await verifyAccounts(verifying);
    await verifyTransfers(verifying, shares);
    if (account === null) await verifyChain(verifying);
    return { findings, untold, ...size };
  });
}
