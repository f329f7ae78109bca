import { json, type Reply } from '#simulators/kit';
import { type Decline, declineOf, nameOfNumber, nameOfPaymentMethod, testCards } from './cards.ts';
import { errorReply, invalid, missing } from './errors.ts';
import { fingerprintOf, metadataOf, needText, nodeOf, type Params, textOf } from './form.ts';
import type { PaymentError, PaymentMethod } from './objects.ts';
import { newId, type Stripe } from './stripe.ts';

const expiresInYears = 4;

/** A payment method by its id; `pm_card_…` makes a new one of that test card. */
export function resolveMethod(stripe: Stripe, id: string, metadata = {}): PaymentMethod {
  const known = stripe.methods.get(id);
  if (known) return known;
  const name = nameOfPaymentMethod(id);
  if (name === undefined) throw missing('PaymentMethod', id, 'payment_method');
  return makeMethod(stripe, name, metadata);
}

/** What was entered on a page: a test card's number. */
export function methodOfData(stripe: Stripe, data: Params): PaymentMethod {
  const card = nodeOf(data, 'card');
  const token = textOf(card, 'token');
  const number = textOf(card, 'number');
  const name =
    token === undefined
      ? nameOfNumber(number ?? '')
      : nameOfPaymentMethod(token.replace(/^tok_/, 'pm_card_'));
  if (name === undefined) {
    throw invalid(
      'Your card number is incorrect.',
      'payment_method_data[card]',
      'incorrect_number',
    );
  }
  return makeMethod(stripe, name, metadataOf(data));
}

function makeMethod(stripe: Stripe, name: string, metadata: PaymentMethod['metadata']) {
  const card = testCards[name];
  if (!card) throw new Error(`must hold: ${name} is a test card`);
  const method: PaymentMethod = {
    ...{ id: newId('pm'), object: 'payment_method', type: 'card', customer: null, metadata },
    card: {
      ...{ brand: card.brand, last4: card.number.slice(-4), exp_month: 12, country: 'US' },
      exp_year: new Date(stripe.gateway.clock.nowMs()).getUTCFullYear() + expiresInYears,
      ...{ fingerprint: fingerprintOf(card.number), funding: card.funding ?? 'credit' },
    },
    ...{ billing_details: {}, created: stripe.now(), livemode: false },
  };
  stripe.methods.put(method.id, method);
  stripe.cards.put(method.id, { name, isSetUp: false, isSpent: false });
  return method;
}

export function createMethod(stripe: Stripe, params: Params): Reply {
  needText(params, 'type');
  return json(200, methodOfData(stripe, params));
}

/** Asks the card's bank whether it may be kept. */
export function attachMethod(stripe: Stripe, id: string, params: Params): Reply {
  const customer = stripe.customer(needText(params, 'customer'));
  const method = resolveMethod(stripe, id);
  if (method.customer !== null && method.customer !== customer.id) {
    throw invalid('The payment method you provided has already been attached to a customer.');
  }
  const decline = declineOfKeeping(stripe, method);
  if (decline) return cardError(toError(decline, method));
  return json(200, keep(stripe, method, customer.id));
}

/** Why its bank does not let it be kept. */
export function declineOfKeeping(stripe: Stripe, { id }: PaymentMethod): Decline | undefined {
  const card = testCards[stripe.cards.need(id).name];
  return card?.declines === undefined || card.attaches ? undefined : declineOf(card.declines);
}

export function keep(stripe: Stripe, method: PaymentMethod, customer: string): PaymentMethod {
  if (stripe.cards.need(method.id).isSpent) {
    throw invalid(
      'This PaymentMethod was previously used without being attached to a Customer or was detached from a Customer, and may not be used again.',
      'payment_method',
    );
  }
  if (method.customer === customer) return method;
  const kept = { ...method, customer };
  stripe.methods.put(method.id, kept);
  stripe.emit('payment_method.attached', kept);
  return kept;
}

export function detachMethod(stripe: Stripe, id: string): Reply {
  const method = stripe.methods.get(id);
  if (!method) throw missing('PaymentMethod', id, 'payment_method');
  if (method.customer === null) {
    throw invalid(
      'The payment method you provided is not attached to a customer so detachment is impossible.',
    );
  }
  const detached = { ...method, customer: null };
  stripe.methods.put(id, detached);
  stripe.cards.put(id, { ...stripe.cards.need(id), isSpent: true });
  stripe.emit('payment_method.detached', detached);
  return json(200, detached);
}

export function updateMethod(stripe: Stripe, id: string, params: Params): Reply {
  const method = resolveMethod(stripe, id);
  const updated = { ...method, metadata: metadataOf(params, method.metadata) };
  stripe.methods.put(method.id, updated);
  return json(200, updated);
}

export function toError(decline: Decline, method: PaymentMethod, charge?: string): PaymentError {
  return {
    ...decline,
    ...(charge === undefined ? {} : { charge }),
    ...{ type: 'card_error', payment_method: method },
  };
}

/** A decline is an answer and changes things: not thrown. */
export function cardError(
  error: PaymentError,
  more: Readonly<Record<string, unknown>> = {},
): Reply {
  return errorReply(402, { ...error, ...more });
}
