import type Stripe from 'stripe';
import type {
  CardOperation,
  CardOrder,
  PresentOrder,
  SavedCardOrder,
} from '#payments/card-gateway';
import { toStripe } from './amounts.ts';

const WITH_CHARGE = { expand: ['latest_charge'] };
/** Their limit of a description is 1000 letters. */
const DESCRIPTION_LETTERS_MAX = 1000;

/** A card is saved with a customer of theirs: one for each card, so that nothing has to be looked up. */
export function createCustomer(stripe: Stripe, order: PresentOrder) {
  const { account, email, payment } = order;
  return stripe.customers.create(
    { metadata: { account }, ...(email === undefined ? {} : { email }) },
    { idempotencyKey: `${payment}.customer` },
  );
}

export function createPresented(stripe: Stripe, order: PresentOrder, customer?: string) {
  return stripe.paymentIntents.create(
    {
      ...orderFields(order),
      allowed_payment_method_types: ['card'],
      ...(customer === undefined ? {} : { customer, setup_future_usage: 'off_session' }),
    },
    { idempotencyKey: order.payment },
  );
}

/** Where its holder would have to prove himself it is refused at once: there is no page to send him to from here. */
export function chargeSaved(
  stripe: Stripe,
  order: SavedCardOrder,
  card: { readonly customer: string; readonly method: string },
) {
  return stripe.paymentIntents.create(
    {
      ...orderFields(order),
      ...{
        customer: card.customer,
        payment_method: card.method,
        allowed_payment_method_types: ['card'],
      },
      ...{ confirm: true, error_on_requires_action: true, ...WITH_CHARGE },
      ...(order.initiator === 'merchant' ? { off_session: true } : {}),
    },
    { idempotencyKey: order.payment },
  );
}

export function capture(stripe: Stripe, operation: CardOperation) {
  return stripe.paymentIntents.capture(
    operation.transaction,
    { amount_to_capture: amountOf(operation), ...WITH_CHARGE },
    { idempotencyKey: operation.payment },
  );
}

export function cancel(stripe: Stripe, operation: CardOperation) {
  const key = { idempotencyKey: operation.payment };
  return stripe.paymentIntents.cancel(operation.transaction, {}, key);
}

export function refund(stripe: Stripe, operation: CardOperation) {
  const { of, payment, transaction } = operation;
  return stripe.refunds.create(
    {
      ...{ payment_intent: transaction, amount: amountOf(operation) },
      metadata: { payment, of },
    },
    { idempotencyKey: payment },
  );
}

function orderFields(order: CardOrder) {
  return {
    ...{ amount: amountOf(order), currency: order.currency.toLowerCase() },
    capture_method: order.twoStage ? ('manual' as const) : ('automatic' as const),
    description: order.description.slice(0, DESCRIPTION_LETTERS_MAX),
    metadata: { payment: order.payment, account: order.account },
    ...(order.email === undefined ? {} : { receipt_email: order.email }),
  };
}

/** An amount that does not fit is made one that they refuse. */
function amountOf(order: { readonly amountMinor: bigint; readonly currency: string }): number {
  return toStripe(order) ?? Number.MAX_SAFE_INTEGER;
}
