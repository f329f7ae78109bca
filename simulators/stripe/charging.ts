import { type Decline, declineOf, type TestCard, testCards } from './cards.ts';
import type { Charge, PaymentIntent, PaymentMethod } from './objects.ts';
import { keep, toError } from './payment-methods.ts';
import { newId, type Stripe } from './stripe.ts';

export interface Attempt {
  readonly intent: PaymentIntent;
  readonly method: PaymentMethod;
  /** Nobody is there. */
  readonly isOffSession: boolean;
  /** Its holder has just proved himself. */
  readonly isAuthenticated: boolean;
}

export type Charged =
  | { readonly outcome: 'charged' | 'processing'; readonly intent: PaymentIntent }
  | { readonly outcome: 'declined'; readonly intent: PaymentIntent; readonly decline: Decline }
  | { readonly outcome: 'authentication' };

const dayMs = 24 * 3_600_000;
/** A reservation that nobody takes is given back after this. */
export const reservedMs = 7 * dayMs;

/** Tries to take the money (or to reserve it), and says what came of it. */
export function charge(stripe: Stripe, attempt: Attempt): Charged {
  const { intent, isAuthenticated, isOffSession, method } = attempt;
  const facts = stripe.cards.need(method.id);
  const card = testCards[facts.name];
  if (!card) throw new Error(`must hold: ${facts.name} is a test card`);
  const needs = !isAuthenticated && needsAuthentication(card, facts.isSetUp, isOffSession);
  if (needs && !isOffSession) return { outcome: 'authentication' };
  const fault = stripe.gateway.faults.ofBusiness({
    ...{ operation: 'charge', movesMoney: true, amountMinor: intent.amount },
    methods: [method.id, facts.name, `pm_card_${facts.name}`, card.brand],
  });
  const code = needs
    ? 'authentication_required'
    : fault?.name === 'decline'
      ? (fault.code ?? 'generic_decline')
      : card.declines;
  if (code !== undefined) return declineWith(stripe, attempt, declineOf(code));
  if (fault?.name === 'pending') {
    const lateMs = fault.delayMs ?? stripe.gateway.settings.lateMs;
    stripe.gateway.schedule.add('decide', intent.id, stripe.gateway.clock.nowMs() + lateMs);
    const processing: PaymentIntent = {
      ...{ ...intent, status: 'processing', payment_method: method.id, next_action: null },
    };
    stripe.intents.put(intent.id, processing);
    stripe.emit('payment_intent.processing', processing);
    return { outcome: 'processing', intent: processing };
  }
  return { outcome: 'charged', intent: succeed(stripe, attempt, card) };
}

function needsAuthentication(card: TestCard, isSetUp: boolean, isOffSession: boolean): boolean {
  switch (card.authentication) {
    case 'always':
      return true;
    case 'present':
      return !isOffSession;
    case 'unlessSetUp':
      return !(isOffSession && isSetUp);
    default:
      return false;
  }
}

function declineWith(stripe: Stripe, { intent, method }: Attempt, decline: Decline): Charged {
  const failed = newCharge(stripe, intent, method, decline);
  stripe.charges.put(failed.id, failed);
  stripe.emit('charge.failed', failed);
  const declined: PaymentIntent = {
    ...intent,
    ...{ status: 'requires_payment_method', payment_method: null, next_action: null },
    ...{ latest_charge: failed.id, last_payment_error: toError(decline, method, failed.id) },
  };
  stripe.intents.put(intent.id, declined);
  stripe.emit('payment_intent.payment_failed', declined);
  return { outcome: 'declined', intent: declined, decline };
}

function succeed(stripe: Stripe, { intent, method }: Attempt, card: TestCard): PaymentIntent {
  const isManual = intent.capture_method === 'manual';
  const kept = keepMethod(stripe, intent, method);
  const made = newCharge(stripe, intent, kept);
  stripe.charges.put(made.id, made);
  const base: PaymentIntent = {
    ...{ ...intent, payment_method: kept.id, next_action: null, last_payment_error: null },
    latest_charge: made.id,
  };
  if (isManual) {
    const reserved: PaymentIntent = {
      ...{ ...base, status: 'requires_capture', amount_capturable: intent.amount },
    };
    stripe.intents.put(intent.id, reserved);
    stripe.gateway.schedule.add('expire', intent.id, stripe.gateway.clock.nowMs() + reservedMs);
    stripe.emit('charge.succeeded', made);
    stripe.emit('payment_intent.amount_capturable_updated', reserved);
    return reserved;
  }
  const taken = take(stripe, { intent: base, charge: made, amount: intent.amount });
  stripe.emit('charge.succeeded', taken.charge);
  stripe.emit('payment_intent.succeeded', taken.intent);
  if (card.disputes !== undefined) {
    stripe.gateway.schedule.add('dispute', made.id, stripe.gateway.clock.nowMs());
  }
  return taken.intent;
}

/** The money goes from the card: all of it or a part of what was reserved. */
export function take(
  stripe: Stripe,
  taking: { readonly intent: PaymentIntent; readonly charge: Charge; readonly amount: number },
): { readonly intent: PaymentIntent; readonly charge: Charge } {
  const { amount } = taking;
  const balance = stripe.move({
    ...{ kind: 'debit', type: 'charge', intent: taking.intent, charge: taking.charge, amount },
    ...{ fee: stripe.feeOf(amount), source: taking.charge.id },
    reference: stripe.referenceOf(taking.intent),
  });
  const taken: Charge = {
    ...{ ...taking.charge, captured: true, amount_captured: amount },
    balance_transaction: balance.id,
    // What was reserved beyond it is given back, which Stripe shows as refunded.
    amount_refunded: taking.charge.amount - amount,
  };
  const intent: PaymentIntent = {
    ...{ ...taking.intent, status: 'succeeded', amount_received: amount, amount_capturable: 0 },
  };
  stripe.charges.put(taken.id, taken);
  stripe.intents.put(intent.id, intent);
  return { charge: taken, intent };
}

/** A card that is to be used again stays with its customer; any other is spent. */
function keepMethod(stripe: Stripe, intent: PaymentIntent, method: PaymentMethod): PaymentMethod {
  const facts = stripe.cards.need(method.id);
  const isForLater = intent.setup_future_usage !== null;
  if (isForLater && intent.customer !== null) {
    const kept = keep(stripe, method, intent.customer);
    const isSetUp = facts.isSetUp || intent.setup_future_usage === 'off_session';
    stripe.cards.put(method.id, { ...facts, isSetUp });
    return kept;
  }
  if (method.customer === null) stripe.cards.put(method.id, { ...facts, isSpent: true });
  return method;
}

function newCharge(
  stripe: Stripe,
  intent: PaymentIntent,
  method: PaymentMethod,
  decline?: Decline,
): Charge {
  const { brand, country, exp_month, exp_year, fingerprint, funding, last4 } = method.card;
  const isPaid = decline === undefined;
  return {
    ...{ id: newId('ch'), object: 'charge', amount: intent.amount, created: stripe.now() },
    ...{ amount_captured: 0, amount_refunded: 0, balance_transaction: null, captured: false },
    ...{ currency: intent.currency, customer: intent.customer, description: intent.description },
    ...{ disputed: false, livemode: false, metadata: intent.metadata, paid: isPaid },
    ...{ failure_code: decline?.code ?? null, failure_message: decline?.message ?? null },
    outcome: isPaid
      ? { type: 'authorized', network_status: 'approved_by_network', reason: null }
      : {
          ...{ type: 'issuer_declined', network_status: 'declined_by_network' },
          reason: decline.decline_code ?? decline.code,
        },
    ...{
      payment_intent: intent.id,
      payment_method: method.id,
      receipt_email: intent.receipt_email,
    },
    payment_method_details: {
      type: 'card',
      card: {
        ...{ brand, country, exp_month, exp_year, fingerprint, funding, last4, network: brand },
        ...(isPaid
          ? { authorization_code: String(100_000 + (stripe.charges.size % 900_000)) }
          : {}),
      },
    },
    ...{ refunded: false, status: isPaid ? 'succeeded' : 'failed' },
  };
}
