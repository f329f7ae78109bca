import { json, type Reply } from '#simulators/kit';
import { testCards } from './cards.ts';
import { invalid } from './errors.ts';
import { flagOf, listOf, metadataOf, nodeOf, type Params, textOf } from './form.ts';
import type { PaymentMethod, SetupIntent } from './objects.ts';
import { type Asked, proofUrl } from './payment-intents.ts';
import {
  cardError,
  declineOfKeeping,
  keep,
  methodOfData,
  resolveMethod,
  toError,
} from './payment-methods.ts';
import { newId, newSecret, type Stripe } from './stripe.ts';

export function createSetup(stripe: Stripe, asked: Asked): Reply {
  const { params } = asked;
  const customer = textOf(params, 'customer') ?? null;
  if (customer !== null) stripe.customer(customer);
  const id = newId('seti');
  const types = listOf(params, 'payment_method_types');
  const method = methodOf(stripe, params);
  const setup: SetupIntent = {
    ...{ id, object: 'setup_intent', cancellation_reason: null, client_secret: newSecret(id) },
    ...{ created: stripe.now(), customer, description: textOf(params, 'description') ?? null },
    ...{ last_setup_error: null, livemode: false, metadata: metadataOf(params), next_action: null },
    payment_method: method?.id ?? null,
    payment_method_types: types.length === 0 ? ['card'] : types,
    status: method ? 'requires_confirmation' : 'requires_payment_method',
    usage: textOf(params, 'usage') ?? 'off_session',
  };
  stripe.setups.put(id, setup);
  stripe.emit('setup_intent.created', setup);
  return flagOf(params, 'confirm') ? confirm(stripe, setup, asked) : json(200, setup);
}

function methodOf(stripe: Stripe, params: Params): PaymentMethod | undefined {
  const id = textOf(params, 'payment_method');
  if (id !== undefined) return resolveMethod(stripe, id);
  const data = nodeOf(params, 'payment_method_data');
  return Object.keys(data).length === 0 ? undefined : methodOfData(stripe, data);
}

export function confirmSetup(stripe: Stripe, id: string, asked: Asked): Reply {
  const setup = stripe.setup(id);
  if (setup.status === 'succeeded' || setup.status === 'canceled') {
    throw invalid(
      `A SetupIntent with a status of ${setup.status} cannot be confirmed.`,
      ...(['intent', 'setup_intent_unexpected_state'] as const),
    );
  }
  const method = methodOf(stripe, asked.params);
  return confirm(stripe, method ? { ...setup, payment_method: method.id } : setup, asked);
}

function confirm(stripe: Stripe, setup: SetupIntent, { origin, params }: Asked): Reply {
  if (setup.payment_method === null) {
    throw invalid('This SetupIntent is missing a payment method.', 'payment_method');
  }
  const method = stripe.methods.need(setup.payment_method);
  const decline = declineOfKeeping(stripe, method);
  if (decline) {
    const failed: SetupIntent = {
      ...{ ...setup, status: 'requires_payment_method', payment_method: null },
      last_setup_error: toError(decline, method),
    };
    stripe.setups.put(setup.id, failed);
    stripe.emit('setup_intent.setup_failed', failed);
    return cardError(toError(decline, method), { setup_intent: failed });
  }
  if (testCards[stripe.cards.need(method.id).name]?.authentication === undefined) {
    return json(200, succeed(stripe, setup, method));
  }
  const waiting: SetupIntent = {
    ...{ ...setup, status: 'requires_action' },
    next_action: {
      type: 'redirect_to_url',
      redirect_to_url: {
        url: proofUrl(origin, setup),
        return_url: textOf(params, 'return_url') ?? null,
      },
    },
  };
  stripe.setups.put(setup.id, waiting);
  stripe.emit('setup_intent.requires_action', waiting);
  return json(200, waiting);
}

function succeed(stripe: Stripe, setup: SetupIntent, method: PaymentMethod): SetupIntent {
  const kept = setup.customer === null ? method : keep(stripe, method, setup.customer);
  const isSetUp = setup.usage === 'off_session';
  stripe.cards.put(kept.id, { ...stripe.cards.need(kept.id), isSetUp });
  const done: SetupIntent = { ...setup, status: 'succeeded', next_action: null };
  stripe.setups.put(setup.id, done);
  stripe.emit('setup_intent.succeeded', done);
  return done;
}

export function finishSetup(stripe: Stripe, id: string, isProved: boolean): SetupIntent {
  const setup = stripe.setup(id);
  if (setup.status !== 'requires_action' || setup.payment_method === null) return setup;
  const method = stripe.methods.need(setup.payment_method);
  if (isProved) return succeed(stripe, setup, method);
  const failed: SetupIntent = {
    ...{ ...setup, status: 'requires_payment_method', payment_method: null, next_action: null },
    last_setup_error: {
      ...{ type: 'invalid_request_error', code: 'setup_intent_authentication_failure' },
      message: 'The provided PaymentMethod has failed authentication.',
    },
  };
  stripe.setups.put(id, failed);
  stripe.emit('setup_intent.setup_failed', failed);
  return failed;
}

export function cancelSetup(stripe: Stripe, id: string, params: Params): Reply {
  const setup = stripe.setup(id);
  if (setup.status === 'succeeded') throw invalid('A SetupIntent that succeeded stays so.');
  const canceled: SetupIntent = {
    ...{ ...setup, status: 'canceled', next_action: null },
    cancellation_reason: textOf(params, 'cancellation_reason') ?? null,
  };
  stripe.setups.put(id, canceled);
  stripe.emit('setup_intent.canceled', canceled);
  return json(200, canceled);
}
