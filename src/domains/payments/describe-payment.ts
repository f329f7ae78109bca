import type { Executor } from '#database';
import { fail } from './errors.ts';
import { type FiscalView, findFiscalReceipts } from './news/index.ts';
import {
  type PaymentKind,
  type PaymentState,
  parsePaymentId,
  paymentId,
  refundReference,
} from './payment.ts';
import { findPayment, findRefunds, type PaymentDetail, type PaymentKey } from './refunds/index.ts';
import { findTransactionsOf } from './transaction-store.ts';

/** A payment as it is told to the outside. Amounts in minor units. */
export interface PaymentFacts {
  readonly payment: string;
  readonly kind: PaymentKind;
  readonly reference: string;
  readonly gateway: string;
  readonly msisdn: string;
  readonly amountMinor: bigint;
  readonly currency: string;
  readonly state: PaymentState;
  /** Why it was declined or withdrawn. */
  readonly reason: string | undefined;
  readonly attempts: number;
  readonly createdAt: Date;
  readonly closedAt: Date | undefined;
  /** Of a refund: its charge, and why it was asked for. */
  readonly refundOf: string | undefined;
  readonly refundReason: string | undefined;
}

export interface PaymentReport extends PaymentFacts {
  /** That its gateway has told of: the one that paid. */
  readonly card: { readonly brand: string; readonly mask: string } | undefined;
  /** What its gateway's till has registered of it. */
  readonly fiscal: readonly FiscalView[];
  /** What has been asked back of a charge, and has not failed. */
  readonly refundedMinor: bigint;
  /** The newest first. */
  readonly refunds: readonly PaymentFacts[];
}

export async function describePayment(executor: Executor, text: string): Promise<PaymentReport> {
  const key = parsePaymentId(text);
  const row = await findPayment(executor, key);
  if (!row) throw fail('payment_unknown', `There is no payment ${text}.`);
  const reference = refundReference(paymentId(key.customerId, key.id));
  const refunds =
    row.kind === 'charge'
      ? await findRefunds(executor, { customerId: key.customerId, reference })
      : [];
  return {
    ...{ ...toFacts(row), refundedMinor: row.refunded_minor, refunds: refunds.map(toFacts) },
    ...(row.method === 'card'
      ? { card: await cardOf(executor, key), fiscal: await findFiscalReceipts(executor, key) }
      : { card: undefined, fiscal: [] }),
  };
}

/** Of the transaction that moved its money. */
async function cardOf(executor: Executor, key: PaymentKey): Promise<PaymentReport['card']> {
  const transactions = await findTransactionsOf(executor, key);
  const told = transactions.find(
    ({ card_mask: mask, role }) => role === 'settles' && mask !== null,
  );
  return told?.card_mask ? { brand: told.card_brand ?? '', mask: told.card_mask } : undefined;
}

export function toFacts(row: PaymentDetail): PaymentFacts {
  return {
    payment: paymentId(row.customer_id, row.id),
    kind: row.kind,
    reference: row.reference,
    gateway: row.gateway,
    msisdn: row.msisdn,
    amountMinor: row.amount_minor,
    currency: row.currency,
    state: row.state,
    reason: row.reason ?? undefined,
    attempts: row.attempts,
    createdAt: row.created_at,
    closedAt: row.closed_at ?? undefined,
    refundOf: row.refund_of === null ? undefined : paymentId(row.customer_id, row.refund_of),
    refundReason: row.refund_reason ?? undefined,
  };
}
