import type { Database } from '#database';
import type { Log } from '#log';
import { createPosting, type PostingOptions } from './post-charges.ts';
import { findUnposted, takeUnposted } from './unposted-store.ts';

const MOST = 500;

/** Posts what a version without a ledger has recorded. Nearly always there is nothing; answers how many there were. */
export async function postUnposted(
  options: PostingOptions & { readonly database: Database; readonly log: Log },
): Promise<number> {
  const { database, gateway, log } = options;
  const rows = await findUnposted(database.pool, { gateway: gateway.name, most: MOST });
  if (rows.length === 0) return 0;
  const accepted = rows.map((row) => ({
    ...{ row, said: { result: { outcome: 'accepted' as const }, log: [] } },
  }));
  const posting = await createPosting(options, accepted);
  await database.transaction(async (tx) => {
    // Another worker may have been faster: what is taken here is ours.
    const taken = await takeUnposted(tx, rows);
    await posting.post(tx, taken);
  });
  log.info({ payments: rows.length }, 'charges of a version without a ledger were posted');
  return rows.length;
}
