import { unreachable } from '#errors';
import type {
  CardAnswer,
  CardGateway,
  CardInquiry,
  CardOutcome,
  CardQuestion,
} from '#payments/card-gateway';
import type { CardLine } from '#payments/card-gateways';
import { accountOf, conflictOf, receiptOf, type TokenReader } from '#payments/cards';
import type {
  ChargeOrder,
  ChargeOutcome,
  Conversation,
  Gateway,
  InquiryOutcome,
  RefundOrder,
} from '#payments/gateway';

export interface CardChargingOptions {
  readonly card: CardGateway;
  readonly line: CardLine;
  /** The token of a saved card that has not been removed. */
  readonly tokenOf: TokenReader;
}

/** How long after its mark a call may still go out. */
const LATEST_MS = 5000;
const LEASE_MARGIN_MS = 30_000;

/**
 * A card gateway behind the seam of the worker that charges: nobody is there, so what asks for the holder is a decline. Every
 * answer is compared with what was asked for.
 */
export function createCardCharging({ card, line, tokenOf }: CardChargingOptions): Gateway {
  const hear = <Outcome extends CardOutcome | CardInquiry>(answer: CardAnswer<Outcome>) => {
    const { outcome } = answer.result;
    line.heard(outcome !== 'unknown' && outcome !== 'not_sent');
    return answer;
  };

  async function charge(order: ChargeOrder, beganMs: number): Promise<Conversation<ChargeOutcome>> {
    const token = await tokenFor(order);
    if (token === undefined) return { result: declined('card_removed'), log: [] };
    if (performance.now() - beganMs > LATEST_MS)
      return { result: { outcome: 'not_sent', reason: 'too_late' }, log: [] };
    const answer = hear(
      await card.chargeSaved({
        ...toCardOrder(order),
        ...{ token, initiator: 'merchant' as const },
      }),
    );
    return toConversation(answer, toChargeOutcome(answer.result, order));
  }

  /** A gateway that keeps no cards charges an account of its own. */
  async function tokenFor({ cardId, customerId }: ChargeOrder): Promise<string | undefined> {
    return cardId === undefined ? accountOf(customerId) : tokenOf(customerId, cardId);
  }

  async function refund(order: RefundOrder): Promise<Conversation<ChargeOutcome>> {
    if (!card.capabilities.refund || order.refundOfTransaction === undefined)
      return { result: declined('not_eligible'), log: [] };
    const { amountMinor, currency, payment, refundOf, refundOfTransaction } = order;
    const answer = hear(
      await card.refund({
        ...{ payment, of: refundOf, transaction: refundOfTransaction, amountMinor, currency },
        ...{ account: accountOf(order.customerId), receipt: receiptOf(order) },
      }),
    );
    return toConversation(answer, toRefundOutcome(answer.result, order));
  }

  async function inquire(order: ChargeOrder | RefundOrder): Promise<Conversation<InquiryOutcome>> {
    const answer = hear(await card.inquire(toQuestion(order)));
    return toConversation(answer, toInquiryOutcome(answer.result, order));
  }

  return {
    name: card.name,
    inquiry: () => card.capabilities.inquiry,
    settleMs: card.settleMs,
    longestMs: () => card.longestMs() + LEASE_MARGIN_MS,
    latestMs: () => LATEST_MS,
    chargesPerSecond: line.perSecond,
    admits: line.admits,
    take: line.take,
    charge,
    awaitsReceipts: () => card.capabilities.fiscal === 'asked',
    forgets: () => card.capabilities.afterNotFound === 'newId',
    refunds: () => card.capabilities.refund,
    refund,
    inquire,
  };
}

function toConversation<Outcome>(
  { log, result }: CardAnswer<CardInquiry>,
  outcome: Outcome,
): Conversation<Outcome> {
  return { result: outcome, log, ...('facts' in result && { facts: result.facts }) };
}

function toCardOrder(order: ChargeOrder) {
  const { amountMinor, currency, customerId, offer, payment, reference } = order;
  return {
    ...{ payment, account: accountOf(customerId), amountMinor, currency },
    ...{ description: offer?.description ?? reference, twoStage: false },
    ...(offer?.email !== undefined && { email: offer.email }),
    receipt: receiptOf(order),
  };
}

export function toQuestion(order: ChargeOrder | RefundOrder, presented = false): CardQuestion {
  const { amountMinor, createdAt: since, currency, customerId, payment } = order;
  return {
    ...{ payment, account: accountOf(customerId), amountMinor, currency, since, presented },
    ...('refundOf' in order
      ? {
          ...{ kind: 'refund' as const, of: order.refundOf },
          ...(order.refundOfTransaction !== undefined && {
            ofTransaction: order.refundOfTransaction,
          }),
        }
      : { kind: 'payment' as const }),
  };
}

const declined = (reason: 'card_removed' | 'not_eligible'): ChargeOutcome => ({
  ...{ outcome: 'declined', reason },
});

function toChargeOutcome(result: CardOutcome, order: ChargeOrder): ChargeOutcome {
  switch (result.outcome) {
    case 'accepted':
    case 'authorized': {
      const { facts } = result;
      const gatewayReference = facts.transaction;
      const reason = conflictOf(facts, { ...order, account: accountOf(order.customerId) });
      const isReserved = result.outcome === 'authorized';
      if (reason !== undefined)
        return { outcome: 'conflicted', reason, gatewayReference, isReserved };
      // Nobody reserves on this way: what is only reserved was not what was asked for.
      if (isReserved)
        return { outcome: 'conflicted', reason: 'only_authorized', gatewayReference, isReserved };
      return { outcome: 'accepted', gatewayReference };
    }
    case 'authentication':
      return { outcome: 'declined', reason: 'authentication_required', class: 'authentication' };
    case 'declined': {
      const { class: declineClass, reason, retryAfterMs } = result;
      return {
        ...{ outcome: 'declined', reason, class: declineClass },
        ...(retryAfterMs !== undefined && { retryAfterMs }),
      };
    }
    case 'pending':
      return { outcome: 'unknown', reason: 'pending' };
    case 'not_sent':
    case 'unknown':
      return { outcome: result.outcome, reason: result.reason };
    default:
      return unreachable(result);
  }
}

/** What went back went back, whatever they call it: only another amount or currency is not what was asked for. */
function toRefundOutcome(result: CardOutcome, order: RefundOrder): ChargeOutcome {
  if (result.outcome !== 'accepted') return toChargeOutcome(result, order);
  const { amountMinor, currency, transaction: gatewayReference } = result.facts;
  if (amountMinor === order.amountMinor && currency === order.currency)
    return { outcome: 'accepted', gatewayReference };
  return { outcome: 'conflicted', reason: 'refund_differs', gatewayReference };
}

function toInquiryOutcome(result: CardInquiry, order: ChargeOrder | RefundOrder): InquiryOutcome {
  if (result.outcome === 'not_found') return { outcome: 'not_found' };
  if ('refundOf' in order && result.outcome !== 'voided') return toRefundOutcome(result, order);
  if (result.outcome === 'voided') return { outcome: 'declined', reason: 'cancelled_by_customer' };
  return toChargeOutcome(result, order);
}
