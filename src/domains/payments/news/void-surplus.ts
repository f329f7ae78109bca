import { insertOperation } from '#payments/cards';
import { lockCardPayment } from '#payments/presented-store';
import { insertTransaction } from '#payments/transaction-store';
import type { AcceptedNews } from './apply-accepted.ts';
import type { NewsContext } from './news-context.ts';

/** Reserved once more than was asked for: it is let go, so that its holder has his money at once. */
export async function voidSurplus(
  { clock, database, ids }: NewsContext,
  { gateway, outcome, row }: AcceptedNews,
): Promise<void> {
  const { amountMinor, at, currency, transaction } = outcome.facts;
  const now = clock.now();
  const key = { customerId: row.customer_id, paymentId: row.id };
  await database.transaction(async (tx) => {
    await lockCardPayment(tx, { customerId: row.customer_id, id: row.id });
    const isNew = await insertTransaction(tx, {
      ...{ ...key, gateway, transaction, kind: 'payment', role: 'surplus', reason: null },
      ...{ amountMinor, currency, at: at ?? now },
    });
    if (!isNew) return;
    await insertOperation(tx, {
      ...{ ...key, id: ids.next(now.getTime()), gateway, transaction, kind: 'void' },
      ...{ amountMinor, currency, reason: 'surplus', now },
    });
  });
}
