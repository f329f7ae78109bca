import type { CardOutcome } from '#payments/card-gateway';
import type { ChargeOutcome } from '#payments/gateway';
import { type CardPaymentRow, lockCardPayment } from '#payments/presented-store';
import { insertTransaction } from '#payments/transaction-store';
import type { NewsContext } from './news-context.ts';

export interface DeclinedNews {
  readonly gateway: string;
  readonly row: CardPaymentRow;
  readonly outcome: Extract<CardOutcome, { readonly outcome: 'declined' }>;
}

/**
 * A try was declined. On a page it leaves the payment open; of a charge of ours, whose call is under way, the answer says
 * whether it was the last word: a gateway may go on to another acquirer by itself.
 */
export async function applyDeclined(context: NewsContext, news: DeclinedNews) {
  const { gateway, outcome, row } = news;
  if (row.gateway !== gateway) return 'again';
  if (row.state === 'presented') return tellDecline(context, news);
  if (row.state === 'sending') return 'later';
  if (row.state !== 'unknown') return 'again';
  const { class: declineClass, reason, retryAfterMs } = outcome;
  const result: ChargeOutcome = {
    ...{ outcome: 'declined', reason, class: declineClass },
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  };
  await context.recorderOf(gateway).record([{ row, said: { result, log: [] } }]);
  return 'declined';
}

async function tellDecline(
  { clock, database, teller }: NewsContext,
  { gateway, outcome, row }: DeclinedNews,
) {
  const { reason, transaction = `declined ${row.id}` } = outcome;
  return database.transaction(async (tx) => {
    const locked = await lockCardPayment(tx, { customerId: row.customer_id, id: row.id });
    // Somebody has paid meanwhile: nobody cares for a card that was refused.
    if (locked?.state !== 'presented') return 'again';
    const isNew = await insertTransaction(tx, {
      ...{ gateway, transaction, customerId: row.customer_id, paymentId: row.id, kind: 'payment' },
      ...{ role: 'declined', amountMinor: row.amount_minor, currency: row.currency, reason },
      at: clock.now(),
    });
    if (!isNew) return 'again';
    await teller.tell(tx, { row, gateway, event: 'page_declined', reason });
    return 'declined';
  });
}
