import { json, Refusal, type Reply } from '#simulators/kit';
import { type Charged, charge, take } from './charging.ts';
import { errorReply, invalid } from './errors.ts';
import {
  choiceOf,
  flagOf,
  integerOf,
  listOf,
  metadataOf,
  needText,
  nodeOf,
  type Params,
  textOf,
} from './form.ts';
import type { IntentStatus, PaymentIntent, PaymentMethod } from './objects.ts';
import { cardError, methodOfData, resolveMethod, toError } from './payment-methods.ts';
import { newId, newSecret, type Stripe } from './stripe.ts';

const amountMax = 99_999_999;
const captureMethods = ['automatic', 'automatic_async', 'manual'] as const;
const futureUses = ['off_session', 'on_session'] as const;

/** A request and where its answer's links lead. */
export interface Asked {
  readonly params: Params;
  readonly origin: string;
}

export function createIntent(stripe: Stripe, asked: Asked): Reply {
  const { params } = asked;
  const intent = newIntent(stripe, params);
  stripe.intents.put(intent.id, intent);
  stripe.emit('payment_intent.created', intent);
  const method = methodOf(stripe, params, intent);
  const ready: PaymentIntent = method
    ? { ...intent, payment_method: method.id, status: 'requires_confirmation' }
    : intent;
  stripe.intents.put(ready.id, ready);
  return flagOf(params, 'confirm') ? confirm(stripe, ready, asked) : json(200, ready);
}

function newIntent(stripe: Stripe, params: Params): PaymentIntent {
  const amount = integerOf(params, 'amount');
  if (amount === undefined)
    throw invalid('Missing required param: amount.', 'amount', 'parameter_missing');
  if (amount < 1)
    throw invalid(
      'This value must be greater than or equal to 1.',
      'amount',
      'parameter_invalid_integer',
    );
  if (amount > amountMax)
    throw invalid('Amount must be no more than 999,999.99', 'amount', 'amount_too_large');
  const currency = needText(params, 'currency').toLowerCase();
  if (!/^[a-z]{3}$/.test(currency)) throw invalid(`Invalid currency: ${currency}`, 'currency');
  const customer = textOf(params, 'customer') ?? null;
  if (customer !== null) stripe.customer(customer);
  const isConfirmed = flagOf(params, 'confirm');
  if (!isConfirmed && textOf(params, 'off_session') !== undefined) {
    throw invalid('You can only use `off_session` when confirming a PaymentIntent.', 'off_session');
  }
  const id = newId('pi');
  const types = [
    ...listOf(params, 'payment_method_types'),
    ...listOf(params, 'allowed_payment_method_types'),
  ];
  return {
    ...{ id, object: 'payment_intent', amount, amount_capturable: 0, amount_received: 0 },
    automatic_payment_methods: types.length === 0 ? { enabled: true } : null,
    ...{ canceled_at: null, cancellation_reason: null },
    capture_method: choiceOf(params, 'capture_method', captureMethods) ?? 'automatic_async',
    ...{ client_secret: newSecret(id), created: stripe.now(), currency, customer },
    confirmation_method: textOf(params, 'confirmation_method') ?? 'automatic',
    description: textOf(params, 'description') ?? null,
    ...{ last_payment_error: null, latest_charge: null, livemode: false },
    ...{ metadata: metadataOf(params), next_action: null, payment_method: null },
    payment_method_types: types.length === 0 ? ['card'] : types,
    receipt_email: textOf(params, 'receipt_email') ?? null,
    setup_future_usage: choiceOf(params, 'setup_future_usage', futureUses) ?? null,
    statement_descriptor: textOf(params, 'statement_descriptor') ?? null,
    status: 'requires_payment_method',
  };
}

/** The payment method that a request names, in one of its ways; it must be the customer's or nobody's. */
function methodOf(
  stripe: Stripe,
  params: Params,
  intent: PaymentIntent,
): PaymentMethod | undefined {
  const id = textOf(params, 'payment_method');
  const data = nodeOf(params, 'payment_method_data');
  const hasData = Object.keys(data).length > 0;
  if (id === undefined && !hasData) return undefined;
  const method = id === undefined ? methodOfData(stripe, data) : resolveMethod(stripe, id);
  if (method.customer !== null && method.customer !== intent.customer) {
    throw invalid(
      intent.customer === null
        ? 'The provided PaymentMethod cannot be used without its Customer: include the Customer in the request.'
        : 'The provided PaymentMethod belongs to another Customer.',
      'payment_method',
    );
  }
  if (stripe.cards.need(method.id).isSpent) {
    throw invalid(
      'The provided PaymentMethod was previously used without a Customer, or was detached from one. It may not be used again.',
      'payment_method',
    );
  }
  return method;
}

const updatable: readonly IntentStatus[] = [
  ...(['requires_payment_method', 'requires_confirmation', 'requires_action'] as const),
];

export function updateIntent(stripe: Stripe, id: string, { params }: Asked): Reply {
  const intent = stripe.intent(id);
  const amount = integerOf(params, 'amount') ?? intent.amount;
  if (amount !== intent.amount && !updatable.includes(intent.status)) {
    throw unexpected(intent, `its amount cannot change when its status is ${intent.status}`);
  }
  const method = methodOf(stripe, params, intent);
  const updated: PaymentIntent = {
    ...{ ...intent, amount, metadata: metadataOf(params, intent.metadata) },
    description: textOf(params, 'description') ?? intent.description,
    receipt_email: textOf(params, 'receipt_email') ?? intent.receipt_email,
    setup_future_usage:
      choiceOf(params, 'setup_future_usage', futureUses) ?? intent.setup_future_usage,
    ...(method && updatable.includes(intent.status)
      ? { payment_method: method.id, status: 'requires_confirmation' as const }
      : {}),
  };
  stripe.intents.put(id, updated);
  return json(200, updated);
}

export function confirmIntent(stripe: Stripe, id: string, asked: Asked): Reply {
  const intent = stripe.intent(id);
  if (!updatable.includes(intent.status)) {
    throw unexpected(
      intent,
      `a PaymentIntent with a status of ${intent.status} cannot be confirmed`,
    );
  }
  const future = choiceOf(asked.params, 'setup_future_usage', futureUses);
  const wanted = { ...intent, setup_future_usage: future ?? intent.setup_future_usage };
  const method = methodOf(stripe, asked.params, intent);
  return confirm(stripe, method ? { ...wanted, payment_method: method.id } : wanted, asked);
}

function confirm(stripe: Stripe, intent: PaymentIntent, { origin, params }: Asked): Reply {
  if (intent.payment_method === null) {
    throw unexpected(intent, 'it is missing a payment method, so it cannot be confirmed');
  }
  const method = stripe.methods.need(intent.payment_method);
  const offSession = textOf(params, 'off_session');
  const isOffSession = offSession !== undefined && offSession !== 'false';
  const charged = charge(stripe, { intent, method, isOffSession, isAuthenticated: false });
  if (charged.outcome !== 'authentication') return toReply(charged, method);
  if (flagOf(params, 'error_on_requires_action')) {
    throw new Refusal(
      errorReply(402, {
        ...{ type: 'card_error', code: 'authentication_required' },
        ...{ message: 'This payment requires additional user action.', payment_intent: intent },
      }),
    );
  }
  const returnUrl = textOf(params, 'return_url') ?? null;
  const waiting: PaymentIntent = {
    ...{ ...intent, status: 'requires_action', last_payment_error: null },
    next_action: {
      type: 'redirect_to_url',
      redirect_to_url: { url: proofUrl(origin, intent), return_url: returnUrl },
    },
  };
  stripe.intents.put(waiting.id, waiting);
  stripe.emit('payment_intent.requires_action', waiting);
  return json(200, waiting);
}

/** Where the holder of a card proves himself. */
export function proofUrl(
  origin: string,
  { client_secret, id }: { readonly client_secret: string; readonly id: string },
): string {
  return `${origin}/authenticate/${id}?secret=${client_secret}`;
}

/** The holder has proved himself, or has not. */
export function finishAuthentication(stripe: Stripe, id: string, isProved: boolean): PaymentIntent {
  const intent = stripe.intent(id);
  if (intent.status !== 'requires_action' || intent.payment_method === null) return intent;
  const method = stripe.methods.need(intent.payment_method);
  if (isProved) {
    const attempt = { intent, method, isOffSession: false, isAuthenticated: true };
    const charged = charge(stripe, attempt);
    return charged.outcome === 'authentication' ? intent : charged.intent;
  }
  const failed: PaymentIntent = {
    ...{ ...intent, status: 'requires_payment_method', payment_method: null, next_action: null },
    last_payment_error: {
      ...{ type: 'invalid_request_error', code: 'payment_intent_authentication_failure' },
      message: 'The provided PaymentMethod has failed authentication.',
      payment_method: method,
    },
  };
  stripe.intents.put(id, failed);
  stripe.emit('payment_intent.payment_failed', failed);
  return failed;
}

function toReply(
  charged: Exclude<Charged, { outcome: 'authentication' }>,
  method: PaymentMethod,
): Reply {
  if (charged.outcome !== 'declined') return json(200, charged.intent);
  const { latest_charge: made } = charged.intent;
  const error = toError(charged.decline, method, made ?? undefined);
  return cardError(error, { payment_intent: charged.intent });
}

export function captureIntent(stripe: Stripe, id: string, { params }: Asked): Reply {
  const intent = stripe.intent(id);
  if (intent.status !== 'requires_capture' || intent.latest_charge === null) {
    throw unexpected(
      intent,
      `a PaymentIntent with a status of ${intent.status} cannot be captured`,
    );
  }
  const amount = integerOf(params, 'amount_to_capture') ?? intent.amount_capturable;
  if (amount < 1 || amount > intent.amount_capturable) {
    throw invalid(
      `The amount to capture must be from 1 to ${intent.amount_capturable}.`,
      ...(['amount_to_capture', 'amount_too_large'] as const),
    );
  }
  const { charge: taken, intent: done } = take(stripe, {
    ...{ intent: { ...intent, metadata: metadataOf(params, intent.metadata) }, amount },
    charge: stripe.charges.need(intent.latest_charge),
  });
  stripe.emit('charge.captured', taken);
  stripe.emit('payment_intent.succeeded', done);
  return json(200, done);
}

const cancellable: readonly IntentStatus[] = [...updatable, 'requires_capture'];
const reasons = ['duplicate', 'fraudulent', 'requested_by_customer', 'abandoned'] as const;

export function cancelIntent(stripe: Stripe, id: string, { params }: Asked): Reply {
  const intent = stripe.intent(id);
  if (!cancellable.includes(intent.status)) {
    throw unexpected(
      intent,
      `a PaymentIntent with a status of ${intent.status} cannot be canceled`,
    );
  }
  const reason = choiceOf(params, 'cancellation_reason', reasons) ?? null;
  return json(200, cancel(stripe, intent, reason));
}

/** What was reserved is given back, which Stripe shows as a refund of a charge that was never captured. */
export function cancel(
  stripe: Stripe,
  intent: PaymentIntent,
  reason: string | null,
): PaymentIntent {
  const canceled: PaymentIntent = {
    ...{ ...intent, status: 'canceled', amount_capturable: 0, next_action: null },
    ...{ canceled_at: stripe.now(), cancellation_reason: reason },
  };
  stripe.intents.put(intent.id, canceled);
  if (intent.status === 'requires_capture' && intent.latest_charge !== null) {
    const made = stripe.charges.need(intent.latest_charge);
    const released = { ...made, refunded: true, amount_refunded: made.amount };
    stripe.charges.put(made.id, released);
    stripe.emit('charge.refunded', released);
  }
  stripe.emit('payment_intent.canceled', canceled);
  return canceled;
}

export function unexpected(intent: PaymentIntent, why: string): Refusal {
  return new Refusal(
    errorReply(400, {
      ...{ type: 'invalid_request_error', code: 'payment_intent_unexpected_state' },
      ...{ message: `This PaymentIntent's state is not what this needs: ${why}.` },
      payment_intent: intent,
    }),
  );
}
