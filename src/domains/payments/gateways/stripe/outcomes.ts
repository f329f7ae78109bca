import { at, type Json, textAt } from '#json';
import type { CardFacts, CardInquiry, CardOutcome, SavedCard } from '#payments/card-gateway';
import {
  type Answer,
  byHttpStatus,
  type Declined,
  declinedBy,
  type NotSent,
  refused,
  type Unknown,
  unknown,
} from '#payments/card-talk';
import { fromStripe } from './amounts.ts';
import { declineCodes } from './decline-codes.ts';

/** Where the id of an object stands, or the object itself where it was asked for. */
export function idAt(json: Json | undefined, name: string): string | undefined {
  return textAt(json, name) ?? textAt(json, name, 'id');
}

/** `charge` says of which of its amounts a PaymentIntent speaks. */
export function factsOf(
  object: Json | undefined,
  amountName: 'amount' | 'amount_received' | 'amount_capturable',
): CardFacts | undefined {
  const transaction = textAt(object, 'id');
  const currency = (textAt(object, 'currency') ?? '').toUpperCase();
  const amountMinor = fromStripe(textAt(object, amountName), currency);
  if (transaction === undefined || amountMinor === undefined || currency === '') return undefined;
  const seconds = Number(textAt(object, 'created'));
  const [payment, account] = ['payment', 'account'].map((name) => textAt(object, 'metadata', name));
  const card = cardOf(object);
  const fee = textAt(object, 'latest_charge', 'balance_transaction', 'fee');
  const feeMinor = fromStripe(fee, currency);
  return {
    ...{ transaction, amountMinor, currency, test: at(object, 'livemode') === false },
    ...(payment === undefined ? {} : { payment }),
    ...(account === undefined ? {} : { account }),
    ...(seconds > 0 && seconds < 1e11 ? { at: new Date(seconds * 1000) } : {}),
    ...(card ? { card } : {}),
    ...(feeMinor === undefined ? {} : { feeMinor }),
  };
}

/** A card can be charged again with its customer only: the two together are its token. */
function cardOf(intent: Json | undefined): SavedCard | undefined {
  const card = at(intent, 'latest_charge', 'payment_method_details', 'card');
  const [customer, method] = [idAt(intent, 'customer'), idAt(intent, 'payment_method')];
  const token =
    customer === undefined || method === undefined ? undefined : `${customer}/${method}`;
  const last = textAt(card, 'last4');
  if (last === undefined && token === undefined) return undefined;
  const fingerprint = textAt(card, 'fingerprint');
  const [year, month] = [textAt(card, 'exp_year'), textAt(card, 'exp_month')];
  return {
    ...{ mask: `******${last ?? ''}`, brand: textAt(card, 'brand') ?? '' },
    ...(token === undefined ? {} : { token }),
    ...(fingerprint === undefined ? {} : { fingerprint }),
    ...(year === undefined || month === undefined
      ? {}
      : { expires: `${year}-${month.padStart(2, '0')}` }),
  };
}

/** The two halves of a token of ours. */
export function splitToken(
  token: string,
): { readonly customer: string; readonly method: string } | undefined {
  const [, customer, method] = /^([\w-]+)\/([\w-]+)$/.exec(token) ?? [];
  return customer === undefined || method === undefined ? undefined : { customer, method };
}

/** A PaymentIntent by its status. */
export function readIntent(intent: Json | undefined): CardInquiry {
  const transaction = textAt(intent, 'id');
  const named = transaction === undefined ? {} : { transaction };
  switch (textAt(intent, 'status')) {
    case 'succeeded':
      return withFacts('accepted', factsOf(intent, 'amount_received'));
    case 'requires_capture':
      return withFacts('authorized', factsOf(intent, 'amount_capturable'));
    case 'requires_action':
      return readAction(intent, named);
    case 'processing':
    case 'requires_confirmation':
      return { outcome: 'pending', ...named };
    case 'requires_payment_method': {
      // An attempt was refused; before the first nobody has paid yet.
      const error = at(intent, 'last_payment_error');
      return error ? declinedByError(error, transaction) : { outcome: 'pending', ...named };
    }
    case 'canceled':
      return { outcome: 'voided' };
    default:
      return unknown('unreadable');
  }
}

function withFacts(outcome: 'accepted' | 'authorized', facts: CardFacts | undefined): CardOutcome {
  return facts ? { outcome, facts } : unknown('unreadable');
}

function readAction(
  intent: Json | undefined,
  named: { readonly transaction?: string },
): CardOutcome {
  const url = textAt(intent, 'next_action', 'redirect_to_url', 'url');
  const { transaction } = named;
  return url === undefined || transaction === undefined
    ? { outcome: 'pending', ...named }
    : { outcome: 'authentication', url, transaction };
}

function declinedByError(error: Json, transaction: string | undefined): Declined {
  const code = textAt(error, 'decline_code') ?? textAt(error, 'code') ?? '';
  const declined = declinedBy(declineCodes, code, { transaction });
  return textAt(error, 'advice_code') === 'do_not_try_again'
    ? { ...declined, class: 'never' }
    : declined;
}

/** The same as the answer to a charge, where a cancellation is no outcome that we asked for. */
export function readCharge(intent: Json): CardOutcome {
  const outcome = readIntent(intent);
  return outcome.outcome === 'voided' || outcome.outcome === 'not_found'
    ? unknown('voided')
    : outcome;
}

export function readCancelled(intent: Json): CardOutcome {
  const facts = factsOf(intent, 'amount');
  return textAt(intent, 'status') === 'canceled' && facts
    ? { outcome: 'accepted', facts }
    : unknown('not_cancelled');
}

export function readRefund(refund: Json | undefined): CardOutcome {
  const transaction = textAt(refund, 'id');
  switch (textAt(refund, 'status')) {
    case 'succeeded':
      return withFacts('accepted', factsOf(refund, 'amount'));
    case 'pending':
    case 'requires_action':
      return { outcome: 'pending', ...(transaction === undefined ? {} : { transaction }) };
    case 'failed':
    case 'canceled':
      return declinedBy(declineCodes, textAt(refund, 'failure_reason') ?? 'refund_failed', {
        transaction,
      });
    default:
      return unknown('unreadable');
  }
}

/** An answer that the client calls an error. A refused card comes as one too. */
export function readError(answer: Answer): Declined | NotSent | Unknown {
  const { json, status } = answer;
  const error = at(json, 'error');
  const type = textAt(error, 'type');
  if (status < 400 || status >= 500 || type === undefined) return byHttpStatus(answer);
  if (type === 'card_error') return declinedByError(error ?? null, idAt(error, 'payment_intent'));
  // The key was used with other words, or is in use at this moment: something of ours has gone through, or is about to.
  if (type === 'idempotency_error' || status === 409) return unknown(type);
  if (type === 'invalid_request_error' && (status === 400 || status === 404)) {
    return refused(textAt(error, 'code') ?? type);
  }
  return byHttpStatus(answer);
}
