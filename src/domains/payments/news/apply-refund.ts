import type { GatewayNews } from '#payments/card-gateway';
import type { ChargeOutcome } from '#payments/gateway';
import { paymentId, readPaymentId, refundReference } from '#payments/payment';
import { type CardPaymentRow, findByTransaction, findCardPayment } from '#payments/presented-store';
import { findRefunds, type PaymentDetail } from '#payments/refunds';
import type { PaymentRow } from '#payments/store';
import { findTransaction, type TransactionRow } from '#payments/transaction-store';
import { type ForeignRefund, writeForeignRefund, writeReturned } from './foreign-refunds.ts';
import type { Applied, NewsContext } from './news-context.ts';

export type RefundNews = Extract<GatewayNews, { readonly news: 'refund' }>;

/** What was given back of a payment: by us, by somebody in the gateway's own cabinet, or by the payer's bank. */
export async function applyRefund(
  context: NewsContext,
  gateway: string,
  news: RefundNews,
  /** Of a refund that was nobody's wish: it is none of ours, whatever its amount. */
  foreign?: ForeignRefund['reason'],
): Promise<Applied> {
  if (news.state === 'pending') return 'ignored';
  const refunded = await findRefunded(context, gateway, news);
  if (!refunded) return isAhead(context, gateway, news);
  if ('conflict' in refunded)
    return news.state === 'accepted'
      ? writeReturned(context, { gateway, news, conflict: refunded.conflict })
      : 'ignored';
  const { charge } = refunded;
  // What takes a reservation may be told after what gives back of it.
  if (charge.closed_at === null) return 'later';
  const refunds = await refundsOf(context, charge);
  const { transaction } = news.facts;
  if (refunds.some((one) => one.gateway_reference === transaction && one.closed_at)) return 'again';
  const open = refunds.find((one) => one.closed_at === null);
  const isOwn =
    open && (foreign ? open.gateway_reference === transaction : isOurs(open, news.facts));
  if (open && isOwn) return recordOwn(context, { gateway, news, row: open });
  if (news.state === 'declined') return 'again';
  // One refund of a charge ends at a time: this one's turn comes when the other has ended.
  if (open) return 'later';
  const reason = foreign ?? 'outside';
  const row = await writeForeignRefund(context, { gateway, charge, news, reason });
  if (row === 'busy') return 'later';
  return row ? recordOwn(context, { gateway, news, row }) : 'conflict';
}

/** The payment that was given back of, or the conflict that was. */
export async function findRefunded(
  { database }: Pick<NewsContext, 'database'>,
  gateway: string,
  { ofTransaction: transaction }: Pick<RefundNews, 'ofTransaction'>,
): Promise<
  { readonly charge: CardPaymentRow } | { readonly conflict: TransactionRow } | undefined
> {
  const by = { gateway, transaction };
  const known = await findTransaction(database.pool, by);
  if (known?.kind === 'payment' && known.role === 'conflict') return { conflict: known };
  const charge = await findByTransaction(database.pool, by);
  return charge?.kind === 'charge' ? { charge } : undefined;
}

/** A refund may be told before its payment: that one is open as long as nobody has told of it. */
async function isAhead(
  { database }: NewsContext,
  gateway: string,
  { of }: RefundNews,
): Promise<Applied> {
  const key = of === undefined ? undefined : readPaymentId(of);
  const row = key && (await findCardPayment(database.pool, key));
  const isWaiting = row?.method === 'card' && row.gateway === gateway && row.closed_at === null;
  return isWaiting ? 'later' : 'unknown_order';
}

function refundsOf({ database }: NewsContext, { customer_id, id }: CardPaymentRow) {
  return findRefunds(database.pool, {
    customerId: customer_id,
    reference: refundReference(paymentId(customer_id, id)),
  });
}

function isOurs(row: PaymentDetail, { amountMinor, payment, transaction }: RefundNews['facts']) {
  if (row.gateway_reference === transaction) return true;
  if (payment !== undefined) return paymentId(row.customer_id, row.id) === payment;
  // The gateway does not say whose it is: of two of one amount the other one is told as well.
  const isUnderWay = row.state === 'sending' || row.state === 'unknown';
  return isUnderWay && row.gateway_reference === null && row.amount_minor === amountMinor;
}

async function recordOwn(
  context: NewsContext,
  {
    gateway,
    news,
    row,
  }: { readonly gateway: string; readonly news: RefundNews; readonly row: PaymentRow },
): Promise<Applied> {
  const { facts, state } = news;
  // Its call is under way, and the answer comes first; or it waits for its turn once more.
  if (state === 'declined' && row.state !== 'unknown') return 'later';
  if (row.state !== 'sending' && row.state !== 'unknown') return 'later';
  const result: ChargeOutcome =
    state === 'declined'
      ? { outcome: 'declined', reason: 'gateway_error' }
      : facts.amountMinor === row.amount_minor && facts.currency === row.currency
        ? { outcome: 'accepted', gatewayReference: facts.transaction }
        : {
            ...{ outcome: 'conflicted', reason: 'refund_differs' },
            gatewayReference: facts.transaction,
          };
  await context.recorderOf(gateway).record([{ row, said: { result, log: [], facts } }]);
  const after = await findCardPayment(context.database.pool, {
    ...{ customerId: row.customer_id, id: row.id },
  });
  // Another one of the same amount ended it at this moment: this one is looked at again.
  const isIts = state === 'declined' || after?.gateway_reference === facts.transaction;
  if (after?.closed_at === null || !isIts) return 'later';
  if (result.outcome === 'conflicted') return 'conflict';
  return state === 'declined' ? 'declined' : 'refunded';
}
