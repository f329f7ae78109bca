import { unreachable } from '#errors';
import type { CardOutcome, GatewayNews } from '#payments/card-gateway';
import { readPaymentId } from '#payments/payment';
import { type CardPaymentRow, findByTransaction, findCardPayment } from '#payments/presented-store';
import { applyAccepted } from './apply-accepted.ts';
import { applyDeclined } from './apply-declined.ts';
import { applyDispute } from './apply-dispute.ts';
import { applyFiscalReceipt } from './apply-fiscal-receipt.ts';
import { applyRefund } from './apply-refund.ts';
import { applyVoid } from './apply-void.ts';
import { applyWarning } from './apply-warning.ts';
import type { Applied, NewsContext } from './news-context.ts';

export interface News {
  /** Our name of the gateway. */
  readonly gateway: string;
  readonly news: GatewayNews;
}

/**
 * Applies what a gateway says of an operation, once, however often and in whichever order it is told. Each step is a
 * transaction of its own that may be repeated: whoever dies between two of them leaves the news to the next.
 */
export async function applyNews(context: NewsContext, { gateway, news }: News): Promise<Applied> {
  switch (news.news) {
    case 'payment':
      return applyPayment(context, { gateway, outcome: news.outcome, payment: news.payment });
    case 'refund':
      return applyRefund(context, gateway, news);
    case 'voided':
      return applyVoid(context, gateway, news);
    case 'dispute':
      return applyDispute(context, gateway, news.dispute);
    case 'warning':
      return applyWarning(context, gateway, news.warning);
    case 'receipt':
      return applyFiscalReceipt(context, gateway, news.receipt);
    case 'subscription':
      return 'ignored';
    default:
      return unreachable(news);
  }
}

interface PaymentNews {
  readonly gateway: string;
  readonly outcome: CardOutcome;
  readonly payment: string | undefined;
}

/** Of two operations of one moment the second finds the payment settled, and is looked at again. */
const LOOKS_MOST = 3;

async function applyPayment(context: NewsContext, news: PaymentNews): Promise<Applied> {
  const { gateway, outcome } = news;
  if (outcome.outcome === 'accepted' || outcome.outcome === 'authorized') {
    for (let look = 0; look < LOOKS_MOST; look += 1) {
      const row = await findPayment(context, news);
      if (!row) return 'unknown_order';
      const applied = await applyAccepted(context, { gateway, row, outcome });
      if (applied !== 'later') return applied;
    }
    return 'later';
  }
  if (outcome.outcome !== 'declined') return 'ignored';
  const row = await findPayment(context, news);
  return row ? applyDeclined(context, { gateway, row, outcome }) : 'unknown_order';
}

async function findPayment(
  { database }: NewsContext,
  { gateway, outcome, payment }: PaymentNews,
): Promise<CardPaymentRow | undefined> {
  const transaction = transactionOf(outcome);
  const named = payment === undefined ? undefined : readPaymentId(payment);
  const row = named
    ? await findCardPayment(database.pool, named)
    : transaction === undefined
      ? undefined
      : await findByTransaction(database.pool, { gateway, transaction });
  return row?.method === 'card' && row.kind === 'charge' ? row : undefined;
}

function transactionOf(outcome: CardOutcome): string | undefined {
  if ('facts' in outcome) return outcome.facts.transaction;
  return 'transaction' in outcome ? outcome.transaction : undefined;
}
