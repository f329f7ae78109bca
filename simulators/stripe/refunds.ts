import { json, Refusal, type Reply } from '#simulators/kit';
import { testCards } from './cards.ts';
import { errorReply, invalid, missing } from './errors.ts';
import { choiceOf, integerOf, metadataOf, needText, type Params, textOf } from './form.ts';
import type { Charge, Refund } from './objects.ts';
import { newId, type Stripe } from './stripe.ts';

const reasons = ['duplicate', 'fraudulent', 'requested_by_customer'] as const;

export function createRefund(stripe: Stripe, params: Params): Reply {
  const charge = chargeToRefund(stripe, params);
  const left = charge.amount - charge.amount_refunded;
  const amount = integerOf(params, 'amount') ?? left;
  if (left === 0) {
    throw invalid(
      `Charge ${charge.id} has already been refunded.`,
      'charge',
      'charge_already_refunded',
    );
  }
  if (amount < 1) throw invalid('Invalid positive integer', 'amount', 'parameter_invalid_integer');
  if (amount > left) {
    throw invalid(
      `Refund amount (${amount}) is greater than unrefunded amount on charge (${left})`,
      ...(['amount', 'amount_too_large'] as const),
    );
  }
  const fault = stripe.gateway.faults.ofBusiness({
    ...{ operation: 'refund', movesMoney: true, amountMinor: amount },
    methods: [charge.payment_method],
  });
  if (fault?.name === 'decline') {
    throw new Refusal(
      errorReply(400, {
        ...{ type: 'invalid_request_error', code: fault.code ?? 'insufficient_funds' },
        message: 'Insufficient funds in your Stripe balance to refund this amount.',
      }),
    );
  }
  const kind = testCards[stripe.cards.need(charge.payment_method).name]?.refund;
  const isPending = kind === 'pending' || fault?.name === 'pending';
  const refund: Refund = {
    ...{ id: newId('re'), object: 'refund', amount, balance_transaction: null },
    ...{ charge: charge.id, created: stripe.now(), currency: charge.currency },
    ...{ metadata: metadataOf(params), payment_intent: charge.payment_intent },
    reason: choiceOf(params, 'reason', reasons) ?? null,
    status: isPending ? 'pending' : 'succeeded',
  };
  const dueMs = stripe.gateway.clock.nowMs() + (fault?.delayMs ?? stripe.gateway.settings.lateMs);
  if (isPending || kind === 'fails') {
    stripe.gateway.schedule.add(kind === 'fails' ? 'fail' : 'refund', refund.id, dueMs);
  }
  const done = isPending ? refund : give(stripe, refund, charge);
  stripe.refunds.put(done.id, done);
  const refunded = changeRefunded(stripe, charge.id, amount);
  stripe.emit('refund.created', done);
  stripe.emit('charge.refunded', refunded);
  return json(200, done);
}

function chargeToRefund(stripe: Stripe, params: Params): Charge {
  const intent = textOf(params, 'payment_intent');
  if (intent === undefined) return captured(stripe.charge(needText(params, 'charge')));
  const { latest_charge: id, status } = stripe.intent(intent);
  if (id === null || status !== 'succeeded') {
    throw invalid(
      `This PaymentIntent (${intent}) does not have a successful charge to refund.`,
      'payment_intent',
    );
  }
  return captured(stripe.charges.need(id));
}

function captured(charge: Charge): Charge {
  if (charge.captured) return charge;
  throw invalid(`Charge ${charge.id} was not captured: cancel its PaymentIntent.`, 'charge');
}

function changeRefunded(stripe: Stripe, id: string, by: number): Charge {
  const charge = stripe.charges.need(id);
  const amount_refunded = charge.amount_refunded + by;
  const changed = { ...charge, amount_refunded, refunded: amount_refunded === charge.amount };
  stripe.charges.put(id, changed);
  return changed;
}

/** The money goes back to the card. */
function give(stripe: Stripe, refund: Refund, charge: Charge): Refund {
  const intent = stripe.intents.need(refund.payment_intent);
  const { id } = stripe.move({
    ...{ kind: 'credit', type: 'refund', intent, charge, amount: refund.amount, fee: 0 },
    ...{ source: refund.id, reference: stripe.referenceOf(refund) },
  });
  return { ...refund, balance_transaction: id, status: 'succeeded' };
}

/** What was pending is done. */
export function finishRefund(stripe: Stripe, id: string): void {
  const refund = stripe.refunds.need(id);
  if (refund.status !== 'pending') return;
  const done = give(stripe, refund, stripe.charges.need(refund.charge));
  stripe.refunds.put(id, done);
  stripe.emit('refund.updated', done);
}

/** The card's bank sends it back, days later. */
export function failRefund(stripe: Stripe, id: string): void {
  const refund = stripe.refunds.need(id);
  if (refund.status !== 'succeeded') return;
  const charge = changeRefunded(stripe, refund.charge, -refund.amount);
  const intent = stripe.intents.need(refund.payment_intent);
  stripe.move({
    ...{ kind: 'debit', type: 'adjustment', intent, charge, amount: refund.amount, fee: 0 },
    ...{ source: refund.id, reference: refund.id },
  });
  const failed: Refund = { ...refund, status: 'failed', failure_reason: 'lost_or_stolen_card' };
  stripe.refunds.put(id, failed);
  stripe.emit('refund.failed', failed);
}

export function cancelRefund(stripe: Stripe, id: string): Reply {
  const refund = stripe.refunds.get(id);
  if (!refund) throw missing('refund', id);
  if (refund.status !== 'pending') throw invalid('Only a pending refund can be canceled.');
  const canceled: Refund = { ...refund, status: 'canceled' };
  stripe.refunds.put(id, canceled);
  changeRefunded(stripe, refund.charge, -refund.amount);
  stripe.emit('refund.updated', canceled);
  return json(200, canceled);
}
