import type { FraudWarning } from '#payments/card-gateway';
import { findByTransaction } from '#payments/presented-store';
import { insertWarning } from './fraud-warning-store.ts';
import type { Applied, NewsContext } from './news-context.ts';

/** It is kept for people, who decide whether to give the money back before the bank takes it; nothing else follows. */
export async function applyWarning(
  { clock, database }: NewsContext,
  gateway: string,
  warning: FraudWarning,
): Promise<Applied> {
  const { at, id, reason = null, transaction } = warning;
  const charge = await findByTransaction(database.pool, { gateway, transaction });
  if (!charge) return 'unknown_order';
  const isNew = await database.transaction((tx) =>
    insertWarning(tx, {
      ...{ gateway, id, transaction, at, reason, now: clock.now() },
      ...{ customerId: charge.customer_id, paymentId: charge.id },
    }),
  );
  return isNew ? 'warned' : 'again';
}
