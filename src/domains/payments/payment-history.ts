import type { Executor } from '#database';
import { describePayment, type PaymentReport } from './describe-payment.ts';
import { findHandSettlements, type HandSettlementRow } from './hand-store.ts';
import { findNotificationsOf, type NotificationView } from './notification-store.ts';
import { findOperationsOf, type OperationRow } from './operation-store.ts';
import { parsePaymentId } from './payment.ts';
import { type AttemptRow, findAttempts } from './store.ts';
import { findTransactionsOf, type TransactionRow } from './transaction-store.ts';

/** Everything that is known of a payment, each list from its beginning. */
export interface PaymentHistory {
  readonly report: PaymentReport;
  readonly attempts: readonly AttemptRow[];
  readonly transactions: readonly TransactionRow[];
  readonly notifications: readonly NotificationView[];
  readonly operations: readonly OperationRow[];
  readonly settledByHand: readonly HandSettlementRow[];
}

/** Throws `payment_unknown`. */
export async function readPaymentHistory(
  executor: Executor,
  payment: string,
): Promise<PaymentHistory> {
  const report = await describePayment(executor, payment);
  const key = parsePaymentId(payment);
  return {
    report,
    attempts: await findAttempts(executor, key),
    transactions: await findTransactionsOf(executor, key),
    notifications: await findNotificationsOf(executor, key),
    operations: await findOperationsOf(executor, key),
    settledByHand: await findHandSettlements(executor, key),
  };
}
