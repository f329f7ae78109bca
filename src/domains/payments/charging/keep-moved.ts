import type { Tx } from '#database';
import { insertFiscalQuestions } from '#payments/cards';
import type { Charged } from '#payments/charged';
import type { Gateway } from '#payments/gateway';
import type { PaymentRow } from '#payments/store';
import { insertTransactions } from '#payments/transaction-store';
import { transactionsOf } from './said-of-cards.ts';

/** A till takes some seconds. */
const FIRST_QUESTION_MS = 30_000;

/** Writes down what gateways call the operations that moved money, and of which a fiscal receipt is to be asked for. */
export async function keepMoved(
  gateway: Gateway,
  tx: Tx,
  {
    charged,
    now,
    settled,
  }: {
    readonly charged: readonly Charged[];
    readonly settled: readonly PaymentRow[];
    readonly now: Date;
  },
): Promise<void> {
  const transactions = transactionsOf(charged, { settled, gateway: gateway.name, now });
  await insertTransactions(tx, transactions);
  if (!gateway.awaitsReceipts?.()) return;
  // Of what is only reserved nothing is registered.
  const accepted = new Set(settled.filter(({ state }) => state === 'accepted').map(({ id }) => id));
  await insertFiscalQuestions(tx, {
    ...{ now, dueAt: new Date(now.getTime() + FIRST_QUESTION_MS) },
    transactions: transactions.filter(({ paymentId }) => accepted.has(paymentId)),
  });
}
