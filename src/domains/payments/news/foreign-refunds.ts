import { paymentId, refundReference } from '#payments/payment';
import { type GatewayMove, moveId, postMoves, toTransfers } from '#payments/posting';
import {
  type CardPaymentRow,
  insertHappened,
  lockCardPayment,
  promiseRefund,
} from '#payments/presented-store';
import { isRefundOpen } from '#payments/refunds';
import type { PaymentRow } from '#payments/store';
import {
  insertTransaction,
  type NewTransaction,
  type TransactionRow,
} from '#payments/transaction-store';
import type { RefundNews } from './apply-refund.ts';
import type { NewsContext } from './news-context.ts';

export interface ForeignRefund {
  readonly gateway: string;
  readonly charge: CardPaymentRow;
  readonly news: RefundNews;
  /** `outside`: by somebody at the gateway; `dispute`: by the payer's bank. */
  readonly reason: 'outside' | 'dispute';
}

/**
 * Given back by others: it has happened, so it is written down as a refund of ours would be. What goes beyond the charge
 * is a conflict, and answers nothing; `busy` while another refund of it is under way.
 */
export async function writeForeignRefund(
  context: NewsContext,
  { charge, gateway, news, reason }: ForeignRefund,
): Promise<PaymentRow | 'busy' | undefined> {
  const { clock, database, ids, ledger, teller } = context;
  const { amountMinor, currency, transaction } = news.facts;
  const now = clock.now();
  const beyond = await toTransfers(ledger, [returnOf(gateway, charge, news)]);
  return database.transaction(async (tx) => {
    const key = { customerId: charge.customer_id, id: charge.id };
    const reference = refundReference(paymentId(charge.customer_id, charge.id));
    await lockCardPayment(tx, key);
    if (await isRefundOpen(tx, { customerId: charge.customer_id, reference })) return 'busy';
    const fits = currency === charge.currency && (await promiseRefund(tx, { ...key, amountMinor }));
    const why = fits ? null : currency === charge.currency ? 'exceeds_charge' : 'currency_differs';
    const role = fits ? 'external' : 'conflict';
    const isNew = await insertTransaction(tx, toRefund(charge, { gateway, news, role, why, now }));
    if (fits)
      return insertHappened(tx, {
        ...{ like: charge, id: ids.next(now.getTime()), kind: 'refund', reason, now },
        ...{ amountMinor, transaction, reference },
      });
    if (!isNew) return undefined;
    postMoves(ledger, tx, beyond);
    await teller.tell(tx, { row: charge, gateway, event: 'conflicted', reason: why });
    return undefined;
  });
}

/** What was taken otherwise than asked for went back: nobody is owed it any more. */
export async function writeReturned(
  { clock, database, ledger }: NewsContext,
  {
    conflict,
    gateway,
    news,
  }: {
    readonly gateway: string;
    readonly news: RefundNews;
    readonly conflict: TransactionRow;
  },
): Promise<'refunded' | 'again'> {
  const of = { customer_id: conflict.customer_id, id: conflict.payment_id };
  const transfers = await toTransfers(ledger, [returnOf(gateway, of, news)]);
  return database.transaction(async (tx) => {
    const row = toRefund(of, { gateway, news, role: 'returned', why: null, now: clock.now() });
    if (!(await insertTransaction(tx, row))) return 'again';
    postMoves(ledger, tx, transfers);
    return 'refunded';
  });
}

type PaymentKey = Pick<CardPaymentRow, 'customer_id' | 'id'>;

function returnOf(gateway: string, of: PaymentKey, { facts }: RefundNews): GatewayMove {
  const { amountMinor, currency, transaction } = facts;
  return {
    ...{ id: moveId('conflict-over', gateway, transaction), gateway, amountMinor, currency },
    ...{ kind: 'conflict-over', reference: paymentId(of.customer_id, of.id) },
  };
}

function toRefund(
  of: PaymentKey,
  told: {
    readonly gateway: string;
    readonly news: RefundNews;
    readonly role: NewTransaction['role'];
    readonly why: string | null;
    readonly now: Date;
  },
): NewTransaction {
  const { amountMinor, at = told.now, currency, transaction } = told.news.facts;
  return {
    ...{ gateway: told.gateway, transaction, customerId: of.customer_id, paymentId: of.id },
    ...{ kind: 'refund', role: told.role, amountMinor, currency, reason: told.why, at },
  };
}
