import type { Executor } from '#database';
import { type PaymentFacts, toFacts } from './describe-payment.ts';
import { findPaymentsOfCustomer } from './refunds/index.ts';

/** What was charged to a customer and given back to him, the newest first; pages that nobody paid on are left out. */
export async function listPayments(
  executor: Executor,
  page: { readonly customerId: bigint; readonly before: bigint | null; readonly limit: number },
): Promise<readonly PaymentFacts[]> {
  return (await findPaymentsOfCustomer(executor, page)).map(toFacts);
}
