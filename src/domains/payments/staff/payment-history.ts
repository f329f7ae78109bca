import type { Executor } from '#database';
import { findOperationsOf, type OperationRow } from '#payments/cards';
import { describePayment, type PaymentReport } from '#payments/describe-payment';
import { findNotificationsOf, type NotificationView } from '#payments/notifications';
import { parsePaymentId } from '#payments/payment';
import { type AttemptRow, findAttempts } from '#payments/store';
import { findTransactionsOf, type TransactionRow } from '#payments/transaction-store';
import { findHandSettlements, type HandSettlementRow } from './hand-store.ts';

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
