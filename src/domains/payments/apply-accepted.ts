import { applyConflict, applySurplus } from './apply-surplus.ts';
import type { CardFacts, CardOutcome } from './card-gateway.ts';
import { accountOf, conflictOf } from './compare-facts.ts';
import type { ChargeOutcome } from './gateway.ts';
import { keepFeeOf } from './keep-fees.ts';
import type { NewsContext } from './news-context.ts';
import { paymentId } from './payment.ts';
import { type CardPaymentRow, findCardPayment } from './presented-store.ts';

export interface AcceptedNews {
  readonly gateway: string;
  /** As it was when the news was read. */
  readonly row: CardPaymentRow;
  readonly outcome: Extract<CardOutcome, { readonly outcome: 'accepted' | 'authorized' }>;
}

/** Money was taken or reserved for a payment: it settles it, or it is one too many, or not what was asked for. */
export async function applyAccepted(context: NewsContext, news: AcceptedNews) {
  const { gateway, outcome, row } = news;
  const { facts } = outcome;
  const isOurs = row.gateway === gateway && row.gateway_reference === facts.transaction;
  if (isOurs && isKnown(row, outcome.outcome)) {
    await keepFeeOf(context, { gateway, row, facts });
    return 'again';
  }
  const reason = conflictWith(row, facts, isOurs);
  const isOpen =
    row.closed_at === null && row.gateway === gateway && (row.state !== 'authorized' || isOurs);
  // Before its call nothing can have been accepted; its worker is about to mark it.
  if (isOpen && (row.state === 'new' || row.state === 'claimed')) return 'later';
  if (reason !== undefined) return applyConflict(context, { ...news, reason, isOpen });
  if (!isOpen) return applySurplus(context, news);
  const result: ChargeOutcome = {
    ...{ outcome: outcome.outcome, gatewayReference: facts.transaction },
  };
  // Of a reservation less may be taken than was reserved.
  const taken = row.state === 'authorized' ? { ...row, amount_minor: facts.amountMinor } : row;
  await context.recorderOf(gateway).record([{ row: taken, said: { result, log: [], facts } }]);
  const after = await findCardPayment(context.database.pool, {
    ...{ customerId: row.customer_id, id: row.id },
  });
  const isSettled =
    after?.gateway_reference === facts.transaction && after.state === outcome.outcome;
  if (!isSettled) return 'later';
  await keepFeeOf(context, { gateway, row: after, facts });
  return outcome.outcome;
}

function isKnown({ state }: CardPaymentRow, told: 'accepted' | 'authorized'): boolean {
  return state === 'accepted' || state === 'conflicted' || state === told;
}

function conflictWith(row: CardPaymentRow, facts: CardFacts, isOurs: boolean): string | undefined {
  const expected = {
    ...{ payment: paymentId(row.customer_id, row.id), account: accountOf(row.customer_id) },
    ...{ amountMinor: row.amount_minor, currency: row.currency },
  };
  const isPart =
    isOurs && row.state === 'authorized' && facts.amountMinor > 0n
      ? facts.amountMinor < row.amount_minor
      : false;
  return conflictOf(facts, isPart ? { ...expected, amountMinor: facts.amountMinor } : expected);
}
