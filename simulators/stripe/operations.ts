import { json, type Reply } from '#simulators/kit';
import { createCustomer, updateCustomer } from './customers.ts';
import { missing } from './errors.ts';
import { listOf, needText, type Params, textOf } from './form.ts';
import { list, search } from './lists.ts';
import type { PaymentIntent } from './objects.ts';
import {
  cancelIntent,
  captureIntent,
  confirmIntent,
  createIntent,
  updateIntent,
} from './payment-intents.ts';
import {
  attachMethod,
  createMethod,
  detachMethod,
  resolveMethod,
  updateMethod,
} from './payment-methods.ts';
import { cancelRefund, createRefund } from './refunds.ts';
import { cancelSetup, confirmSetup, createSetup } from './setup-intents.ts';
import type { Stripe } from './stripe.ts';

export interface Question {
  /** Of the path; empty where it has none. */
  readonly id: string;
  readonly params: Params;
  /** Behind `/v1`. */
  readonly path: string;
  /** What links in the answer begin with. */
  readonly origin: string;
}

type Act = (stripe: Stripe, question: Question) => Reply;

export interface Operation {
  readonly name: string;
  readonly act: Act;
  readonly movesMoney: boolean;
  /** A browser may do it with the publishable key and the client's secret. */
  readonly isPublic: boolean;
}

type OperationRoute = readonly [method: string, path: RegExp, operation: Operation];

function route(call: string, name: string, act: Act, isPublic = false): OperationRoute {
  const [method = '', path = ''] = call.split(' ');
  const movesMoney = ['create', 'confirm', 'capture', 'cancel', 'refund'].includes(name);
  const pattern = new RegExp(`^${path.replace(':id', '(\\w+)')}$`);
  return [method, pattern, { name, act, movesMoney, isPublic }];
}

function shown(what: string, value: unknown, id: string): Reply {
  if (value === undefined) throw missing(what, id);
  return json(200, value);
}

function searchIntents(stripe: Stripe, { params, path: url }: Question): Reply {
  const { clock, settings } = stripe.gateway;
  const untilMs = clock.nowMs() - settings.searchDelayMs;
  const isVisible = ({ created }: PaymentIntent) => created * 1000 <= untilMs;
  return search(stripe.intents, params, { url, isVisible });
}

function listMethods(stripe: Stripe, { path: url }: Question, params: Params): Reply {
  return list(stripe.methods, { params, url, members: ['customer', 'type'] });
}

function listEvents(stripe: Stripe, { params, path: url }: Question): Reply {
  const types = listOf(params, 'types');
  const where = ({ type }: { readonly type: string }) => types.length === 0 || types.includes(type);
  return list(stripe.events, { params, url, members: ['type'], where });
}

/** All that the simulator can be asked. */
export const operationRoutes: readonly OperationRoute[] = [
  route('POST /payment_intents', 'create', createIntent),
  route('GET /payment_intents', 'list', (stripe, { params, path: url }) =>
    list(stripe.intents, { params, url, members: ['customer'] }),
  ),
  route('GET /payment_intents/search', 'search', searchIntents),
  route(
    'GET /payment_intents/:id',
    'retrieve',
    (stripe, { id }) => json(200, stripe.intent(id)),
    true,
  ),
  route('POST /payment_intents/:id', 'update', (stripe, asked) =>
    updateIntent(stripe, asked.id, asked),
  ),
  route(
    'POST /payment_intents/:id/confirm',
    'confirm',
    (stripe, asked) => confirmIntent(stripe, asked.id, asked),
    true,
  ),
  route('POST /payment_intents/:id/capture', 'capture', (stripe, asked) =>
    captureIntent(stripe, asked.id, asked),
  ),
  route('POST /payment_intents/:id/cancel', 'cancel', (stripe, asked) =>
    cancelIntent(stripe, asked.id, asked),
  ),
  route('POST /refunds', 'refund', (stripe, { params }) => createRefund(stripe, params)),
  route('GET /refunds', 'list', (stripe, { params, path: url }) =>
    list(stripe.refunds, { params, url, members: ['payment_intent', 'charge'] }),
  ),
  route('GET /refunds/:id', 'retrieve', (stripe, { id }) =>
    shown('refund', stripe.refunds.get(id), id),
  ),
  route('POST /refunds/:id/cancel', 'cancel_refund', (stripe, { id }) => cancelRefund(stripe, id)),
  route('GET /charges', 'list', (stripe, { params, path: url }) =>
    list(stripe.charges, { params, url, members: ['payment_intent', 'customer'] }),
  ),
  route('GET /charges/:id', 'retrieve', (stripe, { id }) => json(200, stripe.charge(id))),
  route('POST /payment_methods', 'create_method', (stripe, { params }) =>
    createMethod(stripe, params),
  ),
  route('GET /payment_methods', 'list', (stripe, asked) =>
    listMethods(stripe, asked, { ...asked.params, customer: needText(asked.params, 'customer') }),
  ),
  route('GET /payment_methods/:id', 'retrieve', (stripe, { id }) =>
    json(200, resolveMethod(stripe, id)),
  ),
  route('POST /payment_methods/:id', 'update_method', (stripe, { id, params }) =>
    updateMethod(stripe, id, params),
  ),
  route('POST /payment_methods/:id/attach', 'attach', (stripe, { id, params }) =>
    attachMethod(stripe, id, params),
  ),
  route('POST /payment_methods/:id/detach', 'detach', (stripe, { id }) => detachMethod(stripe, id)),
  route('POST /customers', 'create_customer', (stripe, { params }) =>
    createCustomer(stripe, params),
  ),
  route('GET /customers', 'list', (stripe, { params, path: url }) =>
    list(stripe.customers, { params, url, members: ['email'] }),
  ),
  route('GET /customers/:id', 'retrieve', (stripe, { id }) => json(200, stripe.customer(id))),
  route('POST /customers/:id', 'update_customer', (stripe, { id, params }) =>
    updateCustomer(stripe, id, params),
  ),
  route('GET /customers/:id/payment_methods', 'list', (stripe, asked) =>
    listMethods(stripe, asked, { ...asked.params, customer: stripe.customer(asked.id).id }),
  ),
  route('POST /setup_intents', 'create_setup', createSetup),
  route(
    'GET /setup_intents/:id',
    'retrieve',
    (stripe, { id }) => json(200, stripe.setup(id)),
    true,
  ),
  route(
    'POST /setup_intents/:id/confirm',
    'confirm_setup',
    (stripe, asked) => confirmSetup(stripe, asked.id, asked),
    true,
  ),
  route('POST /setup_intents/:id/cancel', 'cancel_setup', (stripe, { id, params }) =>
    cancelSetup(stripe, id, params),
  ),
  route('GET /disputes', 'list_disputes', (stripe, { params, path: url }) =>
    list(stripe.disputes, { params, url, members: ['payment_intent', 'charge'] }),
  ),
  route('GET /disputes/:id', 'retrieve', (stripe, { id }) =>
    shown('dispute', stripe.disputes.get(id), id),
  ),
  route('GET /events', 'list', listEvents),
  route('GET /events/:id', 'retrieve', (stripe, { id }) =>
    shown('event', stripe.events.get(id), id),
  ),
  route('GET /balance_transactions/:id', 'retrieve', (stripe, { id }) =>
    shown('balance_transaction', stripe.balances.get(id), id),
  ),
];

/** What faults are narrowed by: the amount, and what is paid with. */
export function subjectOf(stripe: Stripe, { name }: Operation, { id, params }: Question) {
  const intent = stripe.intents.get(id) ?? stripe.intents.get(text(params, 'payment_intent'));
  const amount = Number(text(params, 'amount') || intent?.amount);
  const method = text(params, 'payment_method') || (intent?.payment_method ?? '');
  return {
    operation: name,
    amountMinor: Number.isNaN(amount) ? undefined : amount,
    methods: method === '' ? [] : [method, stripe.cards.get(method)?.name ?? method],
  };
}

function text(params: Params, name: string): string {
  const value = params[name];
  return typeof value === 'string' ? value : (textOf({}, name) ?? '');
}
