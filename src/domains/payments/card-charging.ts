import { unreachable } from '#errors';
import type {
  CardAnswer,
  CardGateway,
  CardInquiry,
  CardOutcome,
  CardQuestion,
} from './card-gateway.ts';
import type { CardLine } from './card-gateways.ts';
import { accountOf, conflictOf } from './compare-facts.ts';
import type {
  ChargeOrder,
  ChargeOutcome,
  Conversation,
  Gateway,
  InquiryOutcome,
  RefundOrder,
} from './gateway.ts';

export interface CardChargingOptions {
  readonly card: CardGateway;
  readonly line: CardLine;
  /** The token of a saved card that has not been removed. */
  readonly tokenOf: (customerId: bigint, cardId: bigint) => Promise<string | undefined>;
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
    const { log, result } = hear(
      await card.chargeSaved({
        ...toCardOrder(order),
        ...{ token, initiator: 'merchant' as const },
      }),
    );
    return { result: toChargeOutcome(result, order), log };
  }

  /** A gateway that keeps no cards charges an account of its own. */
  async function tokenFor({ cardId, customerId }: ChargeOrder): Promise<string | undefined> {
    return cardId === undefined ? accountOf(customerId) : tokenOf(customerId, cardId);
  }

  async function refund(order: RefundOrder): Promise<Conversation<ChargeOutcome>> {
    if (!card.capabilities.refund || order.refundOfTransaction === undefined)
      return { result: declined('not_eligible'), log: [] };
    const { amountMinor, currency, payment, refundOf, refundOfTransaction } = order;
    const { log, result } = hear(
      await card.refund({
        ...{ payment, of: refundOf, transaction: refundOfTransaction, amountMinor, currency },
        ...{ account: accountOf(order.customerId) },
        ...(order.offer?.receipt && { receipt: order.offer.receipt }),
      }),
    );
    return { result: toChargeOutcome(result, order), log };
  }

  async function inquire(order: ChargeOrder | RefundOrder): Promise<Conversation<InquiryOutcome>> {
    const { log, result } = hear(await card.inquire(toQuestion(order)));
    return { result: toInquiryOutcome(result, order), log };
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
    refunds: () => card.capabilities.refund,
    refund,
    inquire,
  };
}

function toCardOrder(order: ChargeOrder) {
  const { amountMinor, currency, customerId, offer, payment, reference } = order;
  return {
    ...{ payment, account: accountOf(customerId), amountMinor, currency },
    ...{ description: offer?.description ?? reference, twoStage: false },
    ...(offer?.email !== undefined && { email: offer.email }),
    ...(offer?.receipt && { receipt: offer.receipt }),
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
      if (reason !== undefined) return { outcome: 'conflicted', reason, gatewayReference };
      // Nobody reserves on this way: what is only reserved was not what was asked for.
      if (result.outcome === 'authorized')
        return { outcome: 'conflicted', reason: 'only_authorized', gatewayReference };
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

function toInquiryOutcome(result: CardInquiry, order: ChargeOrder): InquiryOutcome {
  if (result.outcome === 'not_found') return { outcome: 'not_found' };
  if (result.outcome === 'voided') return { outcome: 'declined', reason: 'cancelled_by_customer' };
  return toChargeOutcome(result, order);
}
