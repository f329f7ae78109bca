import { charge } from './charging.ts';
import type { Stripe } from './stripe.ts';

/** What was `processing` is decided. */
export function finishPayment(stripe: Stripe, id: string): void {
  const intent = stripe.intents.need(id);
  if (intent.status !== 'processing' || intent.payment_method === null) return;
  const method = stripe.methods.need(intent.payment_method);
  charge(stripe, { intent, method, isOffSession: false, isAuthenticated: true });
}
