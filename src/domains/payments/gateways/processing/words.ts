import type { CardOutcome } from '#payments/card-gateway';
import {
  type Answer,
  byHttpStatus,
  type GatewayRequest,
  notSent,
  unknown,
} from '#payments/card-talk';

/** What is to be executed once under its id. */
export interface Transaction {
  readonly payment: string;
  readonly type: 'payment' | 'refund';
  readonly account: string;
  readonly amountMinor: bigint;
  readonly currency: string;
}

/** A GET, as the service was first written: everything stands in the query, which older ones pass over. */
export function toRequest(transaction: Transaction): GatewayRequest {
  const query = new URLSearchParams({
    ...{ id: transaction.payment, type: transaction.type, user: transaction.account },
    ...{ amount: transaction.amountMinor.toString(), currency: transaction.currency },
  });
  return { method: 'GET', path: `/execute_transaction?${query}` };
}

const SUCCESS = /\bsuccess\b/i;
const ERROR = /\berror\b/i;

/**
 * 200 and `success` is executed, 404 and `error` is refused. Neither counts without its word: what stands between us
 * answers 200 and 404 too.
 */
export function readTransaction(answer: Answer, transaction: Transaction): CardOutcome {
  const { body, status } = answer;
  if (status === 200 && SUCCESS.test(body) && !ERROR.test(body)) {
    const { account, amountMinor, currency, payment } = transaction;
    const facts = { transaction: payment, payment, account, amountMinor, currency, test: false };
    return { outcome: 'accepted', facts };
  }
  if (status === 404 && ERROR.test(body)) {
    // It gives no reason. The bank behind it may think otherwise another day.
    return { outcome: 'declined', reason: 'do_not_honor', class: 'temporary', code: 'error' };
  }
  const outcome = byHttpStatus(answer);
  // It turns callers away at its door with a time to come again.
  if (status === 503 && answer.headers['retry-after'] !== undefined) return notSent('throttled');
  // The id was executed with another amount or payer: something of ours has gone through.
  return status === 409 ? unknown('id_of_another') : outcome;
}
