import { json, type Reply } from '#simulators/kit';
import { metadataOf, type Params, textOf } from './form.ts';
import type { Customer } from './objects.ts';
import { attachMethod } from './payment-methods.ts';
import { newId, type Stripe } from './stripe.ts';

export function createCustomer(stripe: Stripe, params: Params): Reply {
  const customer: Customer = {
    ...{ id: newId('cus', 14), object: 'customer', created: stripe.now(), livemode: false },
    ...membersOf(params, undefined),
  };
  stripe.customers.put(customer.id, customer);
  const methodId = textOf(params, 'payment_method');
  if (methodId !== undefined) {
    const reply = attachMethod(stripe, methodId, { customer: customer.id });
    if (reply.status !== 200) return reply;
  }
  stripe.emit('customer.created', customer);
  return json(200, customer);
}

export function updateCustomer(stripe: Stripe, id: string, params: Params): Reply {
  const before = stripe.customer(id);
  const customer = { ...before, ...membersOf(params, before) };
  stripe.customers.put(id, customer);
  stripe.emit('customer.updated', customer);
  return json(200, customer);
}

function membersOf(params: Params, before: Customer | undefined) {
  const text = (name: 'description' | 'email' | 'name' | 'phone') =>
    params[name] === '' ? null : (textOf(params, name) ?? before?.[name] ?? null);
  return {
    ...{ description: text('description'), email: text('email'), name: text('name') },
    ...{ phone: text('phone'), metadata: metadataOf(params, before?.metadata) },
    invoice_settings: before?.invoice_settings ?? { default_payment_method: null },
  };
}
