import { randomUUID } from 'node:crypto';
import type { Caller } from './acquirer.ts';
import type { Change } from './change.ts';
import { instructionsOf } from './instructions.ts';
import { receiptFields } from './news.ts';
import type { Receipt, Transaction } from './records.ts';

/** The till registers what a payment or a refund that went through asks it to, at once, and tells of it. */
export function register(
  { acquirer, site }: Pick<Caller, 'acquirer' | 'site'>,
  transaction: Transaction,
  atMs: number,
): Required<Pick<Change, 'notifications' | 'receipts'>> {
  const { accountId, id, invoiceId, type } = transaction;
  const instructions = instructionsOf(transaction.jsonData);
  const wish = instructions.CustomerReceipt ?? instructions.customerReceipt;
  if (wish === undefined) return { notifications: [], receipts: [] };
  const receipt: Receipt = {
    ...{ id: randomUUID(), site: site.publicId, inn: '', receipt: wish, atMs },
    ...{ type: type === 'Refund' ? 'IncomeReturn' : 'Income', document: nextDocument(acquirer) },
    ...{ invoiceId, accountId, transactionId: id },
  };
  const fields = receiptFields(receipt, transaction);
  return {
    receipts: [receipt],
    notifications: acquirer.notifier.make(site, 'Receipt', transaction, fields),
  };
}

/** Of its fiscal document. */
export function nextDocument({ store }: Caller['acquirer']): number {
  return store.receipts.size + 1;
}
