import { beforeCommit, type Tx } from '#database';
import { AppError } from '#errors';
import type { Ledger, Transfer } from '#ledger';

/** Posts at the end of the transaction, when everything else is written: the accounts of a gateway are everybody's. */
export function postMoves(
  ledger: Pick<Ledger, 'post'>,
  tx: Tx,
  transfers: readonly Transfer[],
): void {
  if (transfers.length === 0) return;
  beforeCommit(tx, async () => {
    const posting = await ledger.post(tx, transfers);
    if (posting.outcome === 'posted') return;
    const why = `The ledger refuses ${posting.transfer}: ${posting.reason}.`;
    throw new AppError('internal', 'payment_not_posted', why);
  });
}
