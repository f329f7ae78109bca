import { toUuid } from '#ids';
import { feeTransferId } from '#ledger';
import type { CardFacts } from './card-gateway.ts';
import { toTransfers } from './gateway-moves.ts';
import type { NewsContext } from './news-context.ts';
import { paymentId } from './payment.ts';
import { postMoves } from './post-moves.ts';
import type { PaymentRow } from './store.ts';
import { keepFee } from './transaction-store.ts';

/** What a gateway keeps of a payment is posted once, whoever tells it first: a notification, its list, an inquiry. */
export async function keepFeeOf(
  { database, ledger }: Pick<NewsContext, 'database' | 'ledger'>,
  {
    facts,
    gateway,
    row,
  }: { readonly gateway: string; readonly row: PaymentRow; readonly facts: CardFacts },
): Promise<boolean> {
  const { currency, feeMinor, transaction } = facts;
  const isTold = feeMinor !== undefined && feeMinor > 0n && feeMinor <= row.amount_minor;
  if (!isTold || row.state !== 'accepted' || currency !== row.currency) return false;
  const transfers = await toTransfers(ledger, [
    {
      ...{ id: feeTransferId(toUuid({ customerId: row.customer_id, id: row.id })), gateway },
      ...{ kind: 'gateway-fee', reference: paymentId(row.customer_id, row.id) },
      ...{ amountMinor: feeMinor, currency },
    },
  ]);
  return database.transaction(async (tx) => {
    const isNew = await keepFee(tx, { gateway, transaction, feeMinor });
    if (isNew) postMoves(ledger, tx, transfers);
    return isNew;
  });
}
