import { type Acquirer, type Caller, refuse } from './acquirer.ts';
import type { Answer, Change } from './change.ts';
import { debitEntry, entryOf } from './ledger.ts';
import { cancelFields, confirmFields, refundFields } from './news.ts';
import { approved } from './reasons.ts';
import type { Transaction } from './records.ts';
import { register } from './till.ts';

const refundableMs = 365 * 86_400_000;

const done: Answer = { success: true, message: null };

/** Takes what was reserved, or a part of it: the rest is free again. */
export function confirm(
  caller: Caller,
  transaction: Transaction,
  { amountMinor, jsonData }: { readonly amountMinor: number; readonly jsonData: string | null },
): Answer {
  if (transaction.status !== 'Authorized') return refuse('Transaction is not authorized');
  if (amountMinor > transaction.amountMinor) return refuse('Amount is greater than authorized');
  const told = { ...transaction, jsonData: jsonData ?? transaction.jsonData };
  return caller.settle(done, confirmation(caller, told, amountMinor));
}

function confirmation(
  { acquirer, site }: Pick<Caller, 'acquirer' | 'site'>,
  transaction: Transaction,
  amountMinor: number,
): Change {
  const nowMs = acquirer.clock.now();
  const feeMinor = Math.round((amountMinor * acquirer.settings.feeBasisPoints) / 10_000);
  const confirmed: Transaction = {
    ...transaction,
    ...{ status: 'Completed', amountMinor, confirmedMs: nowMs, feeMinor },
  };
  const { notifications, receipts } = register({ acquirer, site }, confirmed, nowMs);
  return {
    transactions: [confirmed],
    entries: [debitEntry(acquirer.store, confirmed, nowMs)],
    receipts,
    notifications: [
      ...acquirer.notifier.make(site, 'Confirm', confirmed, confirmFields(confirmed)),
      ...notifications,
    ],
  };
}

export function makeVoid(caller: Caller, transaction: Transaction): Answer {
  if (transaction.status !== 'Authorized') return refuse('Transaction is not authorized');
  return caller.settle(done, cancellation(caller, transaction));
}

function cancellation(
  { acquirer, site }: Pick<Caller, 'acquirer' | 'site'>,
  transaction: Transaction,
): Change {
  const cancelled: Transaction = { ...transaction, status: 'Cancelled' };
  const fields = cancelFields(cancelled, acquirer.clock.now());
  return {
    transactions: [cancelled],
    notifications: acquirer.notifier.make(site, 'Cancel', cancelled, fields),
  };
}

/** What nobody confirms in time is given free, or taken, as the terminal is set. */
export function watchAuthorization(acquirer: Acquirer, { authorizedMs, id }: Transaction): void {
  if (authorizedMs === null) return;
  acquirer.clock.at(authorizedMs + acquirer.settings.unconfirmedMs, async () => {
    const transaction = acquirer.store.transactions.get(id);
    const site = acquirer.sites.get(transaction?.site ?? '');
    if (!site || transaction?.status !== 'Authorized') return;
    const parties = { acquirer, site };
    const change =
      acquirer.settings.unconfirmed === 'cancel'
        ? cancellation(parties, transaction)
        : confirmation(parties, transaction, transaction.amountMinor);
    await acquirer.settle(change);
  });
}

/** Gives back all or a part, as often as there is something left of it. */
export function refund(
  caller: Caller,
  payment: Transaction,
  { amountMinor, jsonData }: { readonly amountMinor: number; readonly jsonData: string | null },
): Answer {
  const { acquirer, site } = caller;
  const nowMs = acquirer.clock.now();
  if (payment.type !== 'Payment' || payment.status !== 'Completed') {
    return refuse('Transaction is not completed');
  }
  if (nowMs - payment.createdMs > refundableMs) return refuse('Transaction is older than a year');
  const refundedMinor = payment.refundedMinor + amountMinor;
  if (refundedMinor > payment.amountMinor) return refuse('Amount is greater than available');
  const id = acquirer.store.nextTransactionId();
  const made: Transaction = {
    ...payment,
    ...{ id, type: 'Refund', status: 'Completed', reasonCode: approved, amountMinor },
    ...{ jsonData: jsonData ?? payment.jsonData, createdMs: nowMs, authorizedMs: nowMs },
    ...{ confirmedMs: nowMs, feeMinor: 0, refundedMinor: 0, originalId: payment.id },
    rrn: String(id).padStart(12, '0'),
  };
  const entry = { kind: 'refund', transaction: made, payment, atMs: nowMs } as const;
  const { notifications, receipts } = register(caller, { ...made, jsonData }, nowMs);
  return caller.settle(
    { success: true, message: null, model: { TransactionId: id } },
    {
      transactions: [made, { ...payment, refundedMinor }],
      entries: [entryOf(acquirer.store, entry)],
      receipts,
      notifications: [
        ...acquirer.notifier.make(site, 'Refund', made, refundFields(made)),
        ...notifications,
      ],
    },
  );
}
