import type { LedgerEntry, Transaction } from './records.ts';
import type { Store } from './store.ts';

export function debitEntry(store: Store, payment: Transaction, atMs: number): LedgerEntry {
  return entryOf(store, { kind: 'debit', transaction: payment, payment, atMs });
}

/** `transaction` is what moves the money: the payment, its refund, or the payment that was charged back. */
export function entryOf(
  store: Store,
  movement: {
    readonly kind: LedgerEntry['kind'];
    readonly transaction: Transaction;
    readonly payment: Transaction;
    readonly amountMinor?: number;
    readonly atMs: number;
  },
): LedgerEntry {
  const { atMs, kind, payment, transaction } = movement;
  const { accountId, card, currency, invoiceId, site } = payment;
  return {
    sequence: store.entries.length + 1,
    ...{ kind, site, transactionId: transaction.id, paymentTransactionId: payment.id },
    ...{ invoiceId, accountId, cardId: card.id, card: `${card.firstSix}******${card.lastFour}` },
    amountMinor: movement.amountMinor ?? transaction.amountMinor,
    ...{ currency, at: new Date(atMs).toISOString() },
  };
}

export interface InvoiceSum {
  readonly site: string;
  readonly invoiceId: string | null;
  debits: number;
  debitedMinor: number;
  refunds: number;
  refundedMinor: number;
  /** What banks have given back, less what the merchant has won back. */
  chargedBackMinor: number;
}

export interface LedgerSummary {
  entries: number;
  debits: number;
  debitedMinor: number;
  refunds: number;
  refundedMinor: number;
  chargedBackMinor: number;
  readonly invoices: readonly InvoiceSum[];
  /** Money was taken more than once, or more was given back than taken. */
  readonly wrong: readonly InvoiceSum[];
}

export function summarise(entries: readonly LedgerEntry[]): LedgerSummary {
  const sums = new Map<string, InvoiceSum>();
  const total = { debits: 0, debitedMinor: 0, refunds: 0, refundedMinor: 0, chargedBackMinor: 0 };
  for (const entry of entries) {
    // Payments without an order number have nothing to be counted together by.
    const key = `${entry.site}\n${entry.invoiceId ?? `#${entry.paymentTransactionId}`}`;
    const { invoiceId, site } = entry;
    const sum = sums.get(key) ?? { site, invoiceId, ...zero };
    sums.set(key, sum);
    add(sum, entry);
    add(total, entry);
  }
  const invoices = [...sums.values()];
  const wrong = invoices.filter((sum) => sum.debits > 1 || sum.refundedMinor > sum.debitedMinor);
  return { entries: entries.length, ...total, invoices, wrong };
}

const zero = { debits: 0, debitedMinor: 0, refunds: 0, refundedMinor: 0, chargedBackMinor: 0 };

function add(sum: typeof zero, { amountMinor, kind }: LedgerEntry): void {
  switch (kind) {
    case 'debit':
      sum.debits += 1;
      sum.debitedMinor += amountMinor;
      return;
    case 'refund':
      sum.refunds += 1;
      sum.refundedMinor += amountMinor;
      return;
    case 'chargeback':
      sum.chargedBackMinor += amountMinor;
      return;
    case 'representment':
      sum.chargedBackMinor -= amountMinor;
  }
}
