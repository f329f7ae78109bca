import type { Tx } from '#database';
import { toUuid } from '#ids';
import { feeTransferId, type Ledger } from '#ledger';
import type { CardFacts } from '#payments/card-gateway';
import { paymentId } from '#payments/payment';
import { postMoves, toTransfers } from '#payments/posting';
import type { PaymentRow } from '#payments/store';
import { type Fee, keepFees } from '#payments/transaction-store';
import type { NewsContext } from './news-context.ts';

/** Of a payment: what a gateway says of it. */
export interface FeeNews {
  readonly gateway: string;
  readonly row: PaymentRow;
  readonly facts: CardFacts;
}

/** Fees whose accounts are open: to be kept in a transaction. */
export interface OpenedFees {
  readonly count: number;
  /** Writes down and posts those that were not known. Answers how many those were. */
  keep(tx: Tx): Promise<number>;
}

/** What gateways keep of payments. Opens the accounts: call it before a transaction begins. */
export async function openFees(
  ledger: Pick<Ledger, 'open' | 'post'>,
  news: readonly FeeNews[],
): Promise<OpenedFees> {
  const told = news.flatMap((one) => {
    const fee = feeOf(one);
    return fee ? [{ ...one, fee }] : [];
  });
  const transfers = await toTransfers(
    ledger,
    told.map(({ fee, gateway, row }) => ({
      ...{ id: feeTransferId(toUuid({ customerId: row.customer_id, id: row.id })), gateway },
      ...{ kind: 'gateway-fee', reference: paymentId(row.customer_id, row.id) },
      ...{ amountMinor: fee.feeMinor, currency: row.currency },
    })),
  );
  return {
    count: told.length,
    async keep(tx) {
      const kept = await keepFees(
        tx,
        told.map(({ fee }) => fee),
      );
      const fresh = transfers.filter((_, at) => kept.has(told[at]?.fee.transaction ?? ''));
      postMoves(ledger, tx, fresh);
      return fresh.length;
    },
  };
}

/** What a gateway keeps of a payment is posted once, whoever tells it first: a notification, its list, an inquiry. */
export async function keepFeeOf(
  { database, ledger }: Pick<NewsContext, 'database' | 'ledger'>,
  news: FeeNews,
): Promise<boolean> {
  const fees = await openFees(ledger, [news]);
  if (fees.count === 0) return false;
  return database.transaction(async (tx) => (await fees.keep(tx)) > 0);
}

function feeOf({ facts, gateway, row }: FeeNews): Fee | undefined {
  const { currency, feeMinor, transaction } = facts;
  const isTold = feeMinor !== undefined && feeMinor > 0n && feeMinor <= row.amount_minor;
  if (!isTold || row.state !== 'accepted' || currency !== row.currency) return undefined;
  return { gateway, transaction, feeMinor };
}
