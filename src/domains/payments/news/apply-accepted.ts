import { unreachable } from '#errors';
import type { CardFacts, CardOutcome } from '#payments/card-gateway';
import { accountOf, conflictOf } from '#payments/cards';
import type { ChargeOutcome } from '#payments/gateway';
import { paymentId } from '#payments/payment';
import { type CardPaymentRow, findCardPayment } from '#payments/presented-store';
import { applyConflict, applySurplus } from './apply-surplus.ts';
import { keepFeeOf } from './keep-fees.ts';
import type { NewsContext } from './news-context.ts';

export interface AcceptedNews {
  readonly gateway: string;
  /** As it was when the news was read. */
  readonly row: CardPaymentRow;
  readonly outcome: Extract<CardOutcome, { readonly outcome: 'accepted' | 'authorized' }>;
}

/** What money that was taken or reserved is to the payment it names. */
export type Weighed =
  /** It is written down already. */
  | { readonly is: 'known' }
  /** Before its call nothing can have been accepted; its worker is about to mark it. */
  | { readonly is: 'early' }
  | { readonly is: 'conflict'; readonly reason: string; readonly isOpen: boolean }
  | { readonly is: 'surplus' }
  | { readonly is: 'settling' };

export function weighAccepted({ gateway, outcome, row }: AcceptedNews): Weighed {
  const { facts } = outcome;
  const isOurs = row.gateway === gateway && row.gateway_reference === facts.transaction;
  if (isOurs && isKnown(row, outcome.outcome)) return { is: 'known' };
  const reason = conflictWith(row, facts, isOurs);
  const isOpen =
    row.closed_at === null && row.gateway === gateway && (row.state !== 'authorized' || isOurs);
  if (isOpen && (row.state === 'new' || row.state === 'claimed')) return { is: 'early' };
  if (reason !== undefined) return { is: 'conflict', reason, isOpen };
  return { is: isOpen ? 'settling' : 'surplus' };
}

/** Money was taken or reserved for a payment: it settles it, or it is one too many, or not what was asked for. */
export async function applyAccepted(context: NewsContext, news: AcceptedNews) {
  const { gateway, outcome, row } = news;
  const weighed = weighAccepted(news);
  switch (weighed.is) {
    case 'known':
      await keepFeeOf(context, { gateway, row, facts: outcome.facts });
      return 'again';
    case 'early':
      return 'later';
    case 'conflict':
      return applyConflict(context, { ...news, ...weighed });
    case 'surplus':
      return applySurplus(context, news);
    case 'settling':
      return applySettling(context, news);
    default:
      return unreachable(weighed);
  }
}

async function applySettling(context: NewsContext, { gateway, outcome, row }: AcceptedNews) {
  const { facts } = outcome;
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
