import type { FiscalFacts } from '#payments/card-gateway';
import { readPaymentId } from '#payments/payment';
import { findCardPayment } from '#payments/presented-store';
import { findTransaction } from '#payments/transaction-store';
import { insertFiscalReceipts } from './fiscal-store.ts';
import type { Applied, NewsContext } from './news-context.ts';

/** A till has registered what was paid or given back. It changes no money: it is kept for whoever asks for his receipt. */
export async function applyFiscalReceipt(
  { clock, database }: NewsContext,
  gateway: string,
  receipt: FiscalFacts,
): Promise<Applied> {
  const { transaction } = receipt;
  const known = await findTransaction(database.pool, { gateway, transaction });
  // It has overtaken the news of its own operation, or is of something that is not sold here.
  if (!known) return (await isOurs({ database }, receipt)) ? 'unknown_order' : 'ignored';
  const one = {
    ...{ ...receipt, gateway, now: clock.now() },
    ...{ customerId: known.customer_id, paymentId: known.payment_id },
  };
  const fresh = await database.transaction((tx) => insertFiscalReceipts(tx, [one]));
  return fresh > 0 ? 'registered' : 'again';
}

async function isOurs(
  { database }: Pick<NewsContext, 'database'>,
  { payment }: FiscalFacts,
): Promise<boolean> {
  const named = payment === undefined ? undefined : readPaymentId(payment);
  return named !== undefined && (await findCardPayment(database.pool, named)) !== undefined;
}
