import { at, type Json, textAt } from '#json';
import type { CardFacts, CardInquiry, CardOperation, CardOutcome } from '#payments/card-gateway';
import {
  type Answer,
  byHttpStatus,
  type Declined,
  declinedBy,
  refused,
  unknown,
} from '#payments/card-talk';
import { reasonCodes } from './reason-codes.ts';
import { factsOf, idOf, refundFactsOf } from './transaction.ts';

/** An answer that is theirs: the envelope tells it from what somebody in between says. */
function isTheirs({ json, status }: Answer): boolean {
  return (status === 200 || status === 400) && typeof at(json, 'Success') === 'boolean';
}

export function modelOf({ json }: Answer): Json | undefined {
  const model = at(json, 'Model');
  return typeof model === 'object' && model !== null ? model : undefined;
}

/** What the bank's page must get, where its holder has to prove himself. */
export interface Authentication {
  readonly termUrl: string;
}

/**
 * The answer to a charge. `Success` alone decides nothing: a request for 3-D Secure and each decline have it false, and are
 * told by the shape of the model and by its status.
 */
export function readCharge(
  answer: Answer,
  currency: string,
  authentication?: Authentication,
): CardOutcome {
  if (!isTheirs(answer)) return byHttpStatus(answer);
  const model = modelOf(answer);
  if (!model) return readRefusal(answer);
  const url = textAt(model, 'AcsUrl');
  const transaction = idOf(model, 'TransactionId');
  if (url !== undefined && transaction !== undefined && authentication) {
    const fields = {
      ...{ MD: transaction, PaReq: textAt(model, 'PaReq') ?? '' },
      TermUrl: authentication.termUrl,
    };
    return { outcome: 'authentication', url, fields, transaction };
  }
  const outcome = readTransaction(model, currency);
  return outcome.outcome === 'voided' ? unknown('voided') : outcome;
}

/** A refusal without a transaction: nothing was carried out. A success without one says nothing that we could hold on to. */
function readRefusal({ json }: Answer): Declined | CardOutcome {
  const message = textAt(json, 'Message');
  if (at(json, 'Success') !== false || message === undefined) return unknown('unreadable');
  return refused(message.slice(0, 100));
}

/** A transaction by its status. */
export function readTransaction(
  model: Json | undefined,
  currency: string,
): CardOutcome | { readonly outcome: 'voided' } {
  const transaction = idOf(model, 'TransactionId');
  switch (textAt(model, 'Status')) {
    case 'Completed':
      return withFacts('accepted', factsOf(model, currency));
    case 'Authorized':
      return withFacts('authorized', factsOf(model, currency));
    case 'AwaitingAuthentication':
      return { outcome: 'pending', ...(transaction === undefined ? {} : { transaction }) };
    case 'Declined':
      return declinedBy(reasonCodes, textAt(model, 'ReasonCode') ?? '', { transaction });
    case 'Cancelled':
      return { outcome: 'voided' };
    default:
      return unknown('unreadable');
  }
}

function withFacts(outcome: 'accepted' | 'authorized', facts: CardFacts | undefined): CardOutcome {
  return facts ? { outcome, facts } : unknown('unreadable');
}

/** The answer to confirm or void; what was done is known from the question. */
export function readOperation(answer: Answer, operation: CardOperation): CardOutcome {
  return readDone(answer, operation, false);
}

/** The answer to a refund. */
export function readRefunded(answer: Answer, operation: CardOperation): CardOutcome {
  return readDone(answer, operation, true);
}

function readDone(answer: Answer, operation: CardOperation, isNew: boolean): CardOutcome {
  if (!isTheirs(answer)) return byHttpStatus(answer);
  const model = modelOf(answer);
  if (at(answer.json, 'Success') === false) {
    const code = textAt(model, 'ReasonCode');
    return code === undefined || code === '0' ? readRefusal(answer) : declinedBy(reasonCodes, code);
  }
  const { amountMinor, currency, payment } = operation;
  const own = idOf(model, 'TransactionId');
  // A refund is a transaction of its own: without its id it is looked for.
  if (own === undefined && isNew) return unknown('unreadable');
  const transaction = own ?? operation.transaction;
  return {
    outcome: 'accepted',
    facts: { transaction, payment, amountMinor, currency, test: false },
  };
}

const NOT_FOUND = /not found/i;

/** What a question found: a model, nothing, or no answer that could be read. */
export type Found =
  | { readonly outcome: 'found'; readonly model: Json }
  | { readonly outcome: 'not_found' }
  | Exclude<CardInquiry, { readonly outcome: 'accepted' | 'authorized' | 'declined' }>;

export function readFound(answer: Answer): Found {
  if (!isTheirs(answer)) {
    const status = byHttpStatus(answer);
    return status.outcome === 'declined' ? unknown(status.code) : status;
  }
  const model = modelOf(answer);
  if (model) return { outcome: 'found', model };
  const message = textAt(answer.json, 'Message') ?? '';
  if (at(answer.json, 'Success') === false && NOT_FOUND.test(message)) {
    return { outcome: 'not_found' };
  }
  return unknown('inquiry_failed');
}

/** A refund that was found, by its status. */
export function readRefund(model: Json, currency: string): CardInquiry {
  const outcome = readTransaction(model, currency);
  if (outcome.outcome !== 'accepted') return outcome;
  const facts = refundFactsOf(model, currency);
  return facts ? { outcome: 'accepted', facts } : unknown('unreadable');
}
