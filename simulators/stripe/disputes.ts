import {
  type Fields,
  Problem,
  readChoice,
  readFlag,
  readNumber,
  readText,
  refuseUnknown,
} from '#simulators/kit';
import type { Charge, Dispute, EarlyFraudWarning } from './objects.ts';
import { newId, type Stripe } from './stripe.ts';

const disputeFee = 1_500;

/** The payer's bank takes the money back, as far as it was not refunded. */
export function dispute(stripe: Stripe, charge: Charge, reason: string, amount?: number): Dispute {
  const intent = stripe.intents.need(charge.payment_intent);
  const taken = amount ?? charge.amount_captured - refundedOf(charge);
  const id = newId('du');
  const made: Dispute = {
    ...{ id, object: 'dispute', amount: taken, charge: charge.id, created: stripe.now() },
    ...{ currency: charge.currency, is_charge_refundable: false, livemode: false, metadata: {} },
    ...{ payment_intent: intent.id, reason, status: 'needs_response' },
  };
  stripe.disputes.put(id, made);
  stripe.charges.put(charge.id, { ...charge, disputed: true });
  stripe.move({
    ...{ kind: 'credit', type: 'adjustment', intent, charge, amount: taken, fee: disputeFee },
    ...{ source: id, reference: '' },
  });
  stripe.emit('charge.dispute.created', made);
  stripe.emit('charge.dispute.funds_withdrawn', made);
  return made;
}

function refundedOf({ amount, amount_captured, amount_refunded }: Charge): number {
  return amount_refunded - (amount - amount_captured);
}

/** The bank only asks: it may become a dispute, and no money moves until then. */
function inquire(stripe: Stripe, charge: Charge, reason: string): Dispute {
  const id = newId('du');
  const made: Dispute = {
    ...{ id, object: 'dispute', amount: charge.amount_captured - refundedOf(charge) },
    ...{ charge: charge.id, created: stripe.now(), currency: charge.currency },
    ...{ is_charge_refundable: true, livemode: false, metadata: {}, reason },
    ...{ payment_intent: charge.payment_intent, status: 'warning_needs_response' },
  };
  stripe.disputes.put(id, made);
  stripe.charges.put(charge.id, { ...charge, disputed: true });
  stripe.emit('charge.dispute.created', made);
  return made;
}

/** By hand: `{ payment_intent, reason?, amount?, inquiry? }`. */
export function disputeByHand(stripe: Stripe, fields: Fields): Dispute {
  refuseUnknown(fields, ['payment_intent', 'reason', 'amount', 'inquiry']);
  const id = readText(fields.payment_intent, { field: 'payment_intent', maxLength: 100 });
  const charge = stripe.charges.get(stripe.intents.get(id)?.latest_charge ?? '');
  if (!charge?.captured) throw new Problem(404, 'No such paid PaymentIntent', 'payment_intent');
  const reason = readText(fields.reason, {
    ...{ field: 'reason', maxLength: 100, fallback: 'fraudulent' },
  });
  const most = { field: 'amount', min: 1, max: charge.amount_captured };
  const amount = fields.amount === undefined ? undefined : readNumber(fields.amount, most);
  const isInquiry = fields.inquiry !== undefined && readFlag(fields.inquiry, 'inquiry');
  return stripe.gateway.store.transact(() =>
    isInquiry ? inquire(stripe, charge, reason) : dispute(stripe, charge, reason, amount),
  );
}

/** By hand: `{ payment_intent, fraud_type? }`. A network has heard of a fraud; no money moves. */
export function warnByHand(stripe: Stripe, fields: Fields): EarlyFraudWarning {
  refuseUnknown(fields, ['payment_intent', 'fraud_type']);
  const id = readText(fields.payment_intent, { field: 'payment_intent', maxLength: 100 });
  const charge = stripe.charges.get(stripe.intents.get(id)?.latest_charge ?? '');
  if (!charge?.captured) throw new Problem(404, 'No such paid PaymentIntent', 'payment_intent');
  const type = { field: 'fraud_type', maxLength: 100, fallback: 'made_with_stolen_card' };
  const warning: EarlyFraudWarning = {
    ...{ id: newId('issfr'), object: 'radar.early_fraud_warning', actionable: true },
    ...{ charge: charge.id, created: stripe.now(), livemode: false, payment_intent: id },
    fraud_type: readText(fields.fraud_type, type),
  };
  return stripe.gateway.store.transact(() => {
    stripe.emit('radar.early_fraud_warning.created', warning);
    return warning;
  });
}

/** By hand: `{ status: won | lost }`. */
export function closeByHand(stripe: Stripe, id: string, fields: Fields): Dispute {
  refuseUnknown(fields, ['status']);
  const status = readChoice(fields.status, ['won', 'lost'], 'status');
  const open = stripe.disputes.get(id);
  if (open?.status !== 'needs_response') throw new Problem(404, 'No such open dispute', 'id');
  return stripe.gateway.store.transact(() => {
    const closed: Dispute = { ...open, status };
    stripe.disputes.put(id, closed);
    if (status === 'won') {
      const [charge, intent] = [
        stripe.charges.need(open.charge),
        stripe.intents.need(open.payment_intent),
      ];
      stripe.move({
        ...{ kind: 'debit', type: 'adjustment', intent, charge, amount: open.amount, fee: 0 },
        ...{ source: id, reference: id },
      });
      stripe.emit('charge.dispute.funds_reinstated', closed);
    }
    stripe.emit('charge.dispute.closed', closed);
    return closed;
  });
}
