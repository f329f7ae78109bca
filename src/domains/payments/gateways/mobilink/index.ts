import {
  CALLS_PER_CHARGE,
  type ChargeOrder,
  type ChargeOutcome,
  type Conversation,
  type Gateway,
  type InquiryOutcome,
  type RefundOrder,
} from '#payments/gateway';
import { createConverse, type MobilinkOptions, type Said } from './converse.ts';
import { meaningOf } from './outcomes.ts';
import type { XmlRpcValue } from './xml-rpc.ts';

export { localTime, type MobilinkOptions } from './converse.ts';

const LEASE_MARGIN_MS = 30_000;
/** For the grant of the second call: ten calls' worth of the rate, and some. */
const GRANT_PATIENCE_MS = 5000;
const GRANT_PATIENCE_CALLS = 10;

/**
 * Charges a prepaid account over UCIP-like XML-RPC: `GetBalanceAndDate`, then `UpdateBalanceAndDate`. Gives back by
 * `UpdateBalanceAndDate` alone.
 */
export function createMobilinkGateway(options: MobilinkOptions): Gateway {
  const { connection, current } = options;
  const converse = createConverse(options);

  const latestMs = () => {
    const { requestsPerSecond, timeoutMs } = current();
    const patienceMs = GRANT_PATIENCE_MS + (GRANT_PATIENCE_CALLS * 1000) / requestsPerSecond;
    return timeoutMs + Math.min(patienceMs, LEASE_MARGIN_MS);
  };

  async function charge(order: ChargeOrder, beganMs: number): Promise<Conversation<ChargeOutcome>> {
    const balance = await converse(order, {
      ...{ method: 'GetBalanceAndDate', kind: 'balance', granted: true, members: {} },
    });
    const refusal = refusalByBalance(balance, order);
    if (refusal) return { result: refusal, log: [balance.entry] };
    const debit = await askToPay(order, { granted: false, beforeMs: beganMs + latestMs() });
    return { result: debit.outcome, log: [balance.entry, debit.entry] };
  }

  function askToPay(
    order: ChargeOrder,
    when: { readonly granted: boolean; readonly beforeMs?: number },
  ): Promise<Said> {
    const members = debitMembers(order);
    return converse(order, { method: 'UpdateBalanceAndDate', kind: 'charge', ...when, members });
  }

  async function refund(order: RefundOrder, beganMs: number): Promise<Conversation<ChargeOutcome>> {
    if (!current().refunds)
      return { result: { outcome: 'declined', reason: 'not_eligible' }, log: [] };
    const credit = await askToGiveBack(order, { beforeMs: beganMs + latestMs() });
    return { result: credit.outcome, log: [credit.entry] };
  }

  /** Not the balance first: whoever is blocked or postpaid by now is owed it all the same. */
  function askToGiveBack(order: RefundOrder, when: { readonly beforeMs?: number }): Promise<Said> {
    const members = creditMembers(order);
    const call = { method: 'UpdateBalanceAndDate', kind: 'refund', granted: true } as const;
    return converse(order, { ...call, ...when, members });
  }

  async function inquire(order: ChargeOrder | RefundOrder): Promise<Conversation<InquiryOutcome>> {
    if (current().inquiry === 'repeatIsSafe') {
      // Not the balance again: who has paid may be blocked or postpaid by now, and that says nothing of the debit.
      const repeated = await ('refundOf' in order
        ? askToGiveBack(order, {})
        : askToPay(order, { granted: true }));
      return { result: repeated.outcome, log: [repeated.entry] };
    }
    const asked = await converse(order, {
      ...{ method: 'GetTransactionStatus', kind: 'inquiry', granted: true, members: {} },
    });
    return { result: readInquiry(asked), log: [asked.entry] };
  }

  return {
    name: current().name,
    inquiry: () => current().inquiry,
    settleMs: () => current().settleMs,
    longestMs: () => current().timeoutMs * CALLS_PER_CHARGE + LEASE_MARGIN_MS,
    latestMs,
    chargesPerSecond: () => current().requestsPerSecond / CALLS_PER_CHARGE,
    admits: connection.admits,
    take: connection.take,
    charge,
    refunds: () => current().refunds,
    refund,
    inquire,
  };
}

/** A debit is a negative relative adjustment; the reference lets the operator's file be matched by hand. */
function debitMembers(order: ChargeOrder): Record<string, XmlRpcValue> {
  return {
    transactionCurrency: order.currency,
    adjustmentAmountRelative: `-${order.amountMinor}`,
    transactionType: 'subscription',
    transactionCode: 'charge',
    externalData1: order.reference,
  };
}

/** A credit is a positive adjustment, written without a sign. */
function creditMembers(order: RefundOrder): Record<string, XmlRpcValue> {
  return {
    transactionCurrency: order.currency,
    adjustmentAmountRelative: order.amountMinor.toString(),
    transactionType: 'subscription',
    transactionCode: 'refund',
    externalData1: order.refundOf,
  };
}

/** Undefined when the debit may go ahead. Whatever happens here, no money can have moved. */
function refusalByBalance(balance: Said, order: ChargeOrder): ChargeOutcome | undefined {
  const { outcome } = balance;
  if (outcome.outcome === 'unknown') return { outcome: 'not_sent', reason: outcome.reason };
  if (outcome.outcome !== 'accepted') return outcome;
  const currency = balance.members.get('currency1');
  if (currency !== undefined && currency !== order.currency) {
    return { outcome: 'declined', reason: 'invalid_request' };
  }
  return undefined;
}

function readInquiry(asked: Said): InquiryOutcome {
  if (asked.outcome.outcome !== 'accepted') {
    return { outcome: 'unknown', reason: 'inquiry_failed' };
  }
  switch (asked.members.get('transactionStatus')) {
    case 'executed':
      return { outcome: 'accepted' };
    case 'declined': {
      const meaning = meaningOf(asked.members.get('declineCode') ?? '');
      return meaning.outcome === 'declined'
        ? meaning
        : { outcome: 'declined', reason: 'operator_error' };
    }
    case 'unknown':
      return { outcome: 'not_found' };
    default:
      return { outcome: 'unknown', reason: 'inquiry_unreadable' };
  }
}
