import type { Database } from '#database';
import { toUuid } from '#ids';
import { findMissingTransfers } from '#ledger';
import { paymentId } from '#payments/payment';
import { listAccepted } from './unposted-store.ts';

export interface PostingsVerified {
  /** Charges and refunds that were accepted. */
  readonly payments: number;
  /** Of them, those without a transfer in the ledger; the first hundred. */
  readonly missing: readonly string[];
  readonly missingInAll: number;
}

const CHUNK = 10_000;
const TOLD_MOST = 100;

/** Whether each accepted payment has its transfer: at most one it can have, because the transfer's id is the payment's. */
export async function verifyPostings({
  database,
}: {
  readonly database: Database;
}): Promise<PostingsVerified> {
  const missing: string[] = [];
  let [payments, missingInAll] = [0, 0];
  let after = { customerId: -1n, id: -1n };
  for (;;) {
    const keys = await listAccepted(database.pool, { after, most: CHUNK });
    const last = keys.at(-1);
    if (!last) return { payments, missing, missingInAll };
    const gone = new Set(await findMissingTransfers(database.pool, keys.map(toUuid)));
    const unposted = keys.filter((key) => gone.has(toUuid(key)));
    missing.push(
      ...unposted
        .slice(0, TOLD_MOST - missing.length)
        .map(({ customerId, id }) => paymentId(customerId, id)),
    );
    payments += keys.length;
    missingInAll += unposted.length;
    after = last;
  }
}
