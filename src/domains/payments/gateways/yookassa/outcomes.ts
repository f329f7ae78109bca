import { at, type Json, textAt } from '#json';
import { parseDecimal } from '#money';
import type { CardFacts, CardInquiry, CardOutcome, SavedCard } from '#payments/card-gateway';
import {
  type Answer,
  byHttpStatus,
  declinedBy,
  type NotSent,
  refused,
  type Unknown,
  unknown,
  validDate,
} from '#payments/card-talk';
import { cancellationReasons, LET_GO } from './reasons.ts';

/** Our id of an object: of a payment in its metadata, of a refund in its description. */
export function ownIdOf(object: Json | undefined): string | undefined {
  return textAt(object, 'metadata', 'payment');
}

export function ownRefundIdOf(object: Json | undefined): string | undefined {
  return textAt(object, 'description');
}

function amountOf(object: Json | undefined, name = 'amount') {
  const currency = textAt(object, name, 'currency') ?? '';
  const amountMinor = parseDecimal(textAt(object, name, 'value') ?? '', currency);
  return amountMinor === undefined ? undefined : { amountMinor, currency };
}

export function factsOf(
  object: Json | undefined,
  kind: 'payment' | 'refund' = 'payment',
): CardFacts | undefined {
  const transaction = textAt(object, 'id');
  const amount = amountOf(object);
  if (transaction === undefined || !amount) return undefined;
  const payment = kind === 'refund' ? ownRefundIdOf(object) : ownIdOf(object);
  const account = textAt(object, 'metadata', 'account');
  const when = validDate(textAt(object, 'captured_at') ?? textAt(object, 'created_at'));
  const card = cardOf(at(object, 'payment_method'));
  const income = amountOf(object, 'income_amount');
  const rrn = textAt(object, 'authorization_details', 'rrn');
  const authCode = textAt(object, 'authorization_details', 'auth_code');
  return {
    ...{ transaction, ...amount, test: at(object, 'test') === true },
    ...(payment === undefined ? {} : { payment }),
    ...(account === undefined ? {} : { account }),
    ...(when ? { at: when } : {}),
    ...(card ? { card } : {}),
    ...(income ? { feeMinor: amount.amountMinor - income.amountMinor } : {}),
    ...(rrn === undefined ? {} : { rrn }),
    ...(authCode === undefined ? {} : { authCode }),
  };
}

function cardOf(method: Json | undefined): SavedCard | undefined {
  const id = textAt(method, 'id');
  const saved = at(method, 'saved') === true && id !== undefined;
  const last = textAt(method, 'card', 'last4');
  if (last === undefined && !saved) return undefined;
  const [year, month] = ['expiry_year', 'expiry_month'].map((name) => textAt(method, 'card', name));
  return {
    mask: `${textAt(method, 'card', 'first6') ?? ''}******${last ?? ''}`,
    brand: textAt(method, 'card', 'card_type') ?? textAt(method, 'type') ?? '',
    ...(saved ? { token: id } : {}),
    ...(year === undefined || month === undefined ? {} : { expires: `${year}-${month}` }),
  };
}

/** A payment by its status. `pending` is on its way, also where it only waits for the receipt. */
export function readPayment(object: Json | undefined): CardInquiry {
  const transaction = textAt(object, 'id');
  const facts = factsOf(object);
  switch (textAt(object, 'status')) {
    case 'succeeded':
      return facts ? { outcome: 'accepted', facts } : unknown('unreadable');
    case 'waiting_for_capture':
      return facts ? { outcome: 'authorized', facts } : unknown('unreadable');
    case 'pending':
      return { outcome: 'pending', ...(transaction === undefined ? {} : { transaction }) };
    case 'canceled': {
      const reason = textAt(object, 'cancellation_details', 'reason') ?? '';
      if (LET_GO.has(reason)) return { outcome: 'voided' };
      return declinedBy(cancellationReasons, reason, { transaction });
    }
    default:
      return unknown('unreadable');
  }
}

export function readRefund(object: Json | undefined): CardInquiry {
  const outcome = readPayment(object);
  const facts = factsOf(object, 'refund');
  if (outcome.outcome === 'accepted' && facts) return { outcome: 'accepted', facts };
  return outcome.outcome === 'authorized' ? unknown('unreadable') : outcome;
}

/** What is no object of theirs: their error, or words of somebody in between. */
function readError(answer: Answer): CardOutcome {
  const { json, status } = answer;
  const theirs = textAt(json, 'type') === 'error' && status >= 400 && status < 500;
  if (!theirs || status === 401 || status === 429) return byHttpStatus(answer);
  const parameter = textAt(json, 'parameter');
  const code = textAt(json, 'code') ?? `http_${status}`;
  return refused(parameter === undefined ? code : `${code}:${parameter}`.slice(0, 100));
}

/** The answer to a charge, a capture or a cancellation. */
export function readCharge(answer: Answer): CardOutcome {
  if (answer.status !== 200) return readError(answer);
  const outcome = readPayment(answer.json);
  const confirmation = textAt(answer.json, 'confirmation', 'confirmation_url');
  if (outcome.outcome === 'pending' && confirmation !== undefined && outcome.transaction) {
    const { transaction } = outcome;
    return { outcome: 'authentication', url: confirmation, transaction };
  }
  if (outcome.outcome === 'voided' || outcome.outcome === 'not_found') return unknown('voided');
  return outcome;
}

/** Of a payment that is to be let go its cancellation is the success. */
export function readCancelled(answer: Answer): CardOutcome {
  if (answer.status !== 200) return readError(answer);
  const outcome = readPayment(answer.json);
  const facts = factsOf(answer.json);
  if (outcome.outcome !== 'voided')
    return outcome.outcome === 'declined' ? outcome : unknown('not_cancelled');
  return facts ? { outcome: 'accepted', facts } : unknown('unreadable');
}

export function readRefunded(answer: Answer): CardOutcome {
  if (answer.status !== 200) return readError(answer);
  const outcome = readRefund(answer.json);
  return outcome.outcome === 'voided' || outcome.outcome === 'not_found'
    ? unknown('voided')
    : outcome;
}

/** The object that a question was about. */
export function readObject(
  answer: Answer,
):
  | { readonly outcome: 'object'; readonly object: Json }
  | { readonly outcome: 'not_found' }
  | NotSent
  | Unknown {
  const { json, status } = answer;
  if (status === 200 && json !== undefined) return { outcome: 'object', object: json };
  if (status === 404 && textAt(json, 'code') === 'not_found') return { outcome: 'not_found' };
  const outcome = byHttpStatus(answer);
  return outcome.outcome === 'declined' ? unknown(outcome.code) : outcome;
}
