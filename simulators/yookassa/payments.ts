import { type Fields, json, type Reply } from '#simulators/kit';
import { invalid } from './errors.ts';
import { amountOf, amountText, flagOf, metadataOf, objectOf, textOf } from './fields.ts';
import { detailsOf, type Reason, reasonOf } from './reasons.ts';
import { receiptOf } from './receipts.ts';
import { type Method, newId, type Payment, type Shop } from './shop.ts';

const hourMs = 3_600_000;
/** A page that nobody pays on, and a reservation that nobody takes, end by themselves. */
export const confirmationMs = hourMs;
export const reservedMs = 7 * 24 * hourMs;

export interface Asked {
  readonly fields: Fields;
  readonly origin: string;
}

export function createPayment(shop: Shop, { fields, origin }: Asked): Reply {
  const payment = newPayment(shop, fields, origin);
  const { methodId } = payment;
  shop.payments.put(payment.id, payment);
  if (methodId !== undefined) {
    const method = shop.methods.need(methodId);
    return answer(shop, charge(shop, payment, method));
  }
  shop.gateway.schedule.add('confirmation', payment.id, payment.createdMs + confirmationMs);
  return answer(shop, payment);
}

function answer(shop: Shop, payment: Payment): Reply {
  return json(200, shop.paymentToApi(payment));
}

const descriptionMax = 128;
const idMax = 64;
const urlMax = 2_048;

function newPayment(shop: Shop, fields: Fields, origin: string): Payment {
  const methodId = textOf(fields, 'payment_method_id', idMax);
  const confirmation = objectOf(fields, 'confirmation');
  if (methodId !== undefined && !shop.methods.get(methodId)?.isSaved) {
    throw invalid('There is no such saved payment method', 'payment_method_id');
  }
  if (methodId === undefined && !confirmation) {
    throw invalid('There is neither a confirmation nor a saved payment method', 'confirmation');
  }
  const returnUrl = confirmation && returnUrlOf(confirmation);
  const nowMs = shop.nowMs();
  const id = newId(nowMs, '000f');
  return {
    ...{ id, status: 'pending', amount: amountOf(fields), refundedMinor: 0, methodId },
    capture: flagOf(fields, 'capture') ?? false,
    description: textOf(fields, 'description', descriptionMax),
    metadata: metadataOf(fields),
    customer: textOf(fields, 'merchant_customer_id', 200),
    receipt: receiptOf(fields, amountOf(fields)),
    ...(methodId === undefined
      ? { returnUrl, confirmationUrl: `${origin}/checkout/${id}` }
      : { returnUrl: undefined, confirmationUrl: undefined }),
    saveMethod: flagOf(fields, 'save_payment_method'),
    ...{ createdMs: nowMs, expiresMs: undefined, capturedMs: undefined, cancellation: undefined },
  };
}

function returnUrlOf(confirmation: Fields): string {
  if (confirmation.type !== 'redirect') {
    throw invalid('The simulator knows redirect only', 'confirmation.type');
  }
  const url = textOf(confirmation, 'return_url', urlMax);
  if (url !== undefined && URL.canParse(url) && /^https?:/.test(url)) return url;
  throw invalid('return_url is a web address', 'confirmation.return_url');
}

/** Takes the money or reserves it; or says why not. */
export function charge(shop: Shop, payment: Payment, method: Method, reason?: Reason): Payment {
  const { faults, schedule, settings } = shop.gateway;
  const fault = faults.ofBusiness({
    ...{ operation: 'charge', movesMoney: true, amountMinor: payment.amount.minor },
    methods: [method.id, 'bank_card'],
  });
  const used: Payment = { ...payment, methodId: method.id };
  if (fault?.name === 'pending') {
    shop.payments.put(used.id, used);
    schedule.add('decide', used.id, shop.nowMs() + (fault.delayMs ?? settings.lateMs));
    return used;
  }
  const why = method.isRevoked
    ? 'permission_revoked'
    : fault?.name === 'decline'
      ? reasonOf(fault.code)
      : reason;
  if (why === undefined) return succeed(shop, used);
  // A card that was declined where it was entered is not kept.
  if (used.returnUrl !== undefined) shop.methods.put(method.id, { ...method, isSaved: false });
  return cancel(shop, used, why);
}

export function succeed(shop: Shop, payment: Payment): Payment {
  if (payment.capture) return take(shop, payment, payment.amount.minor);
  const expiresMs = shop.nowMs() + reservedMs;
  const reserved: Payment = { ...payment, status: 'waiting_for_capture', expiresMs };
  shop.payments.put(payment.id, reserved);
  shop.gateway.schedule.add('reservation', payment.id, expiresMs);
  shop.notify('payment.waiting_for_capture', shop.paymentToApi(reserved));
  return reserved;
}

function take(shop: Shop, payment: Payment, minor: number): Payment {
  const taken: Payment = {
    ...{ ...payment, status: 'succeeded', amount: { ...payment.amount, minor } },
    ...{ capturedMs: shop.nowMs(), expiresMs: undefined },
  };
  shop.payments.put(taken.id, taken);
  shop.move('debit', taken, { operation: taken.id, minor, reference: shop.referenceOf(taken) });
  shop.register(taken.receipt, { type: 'payment', paymentId: taken.id, refundId: undefined });
  shop.notify('payment.succeeded', shop.paymentToApi(taken));
  return taken;
}

export function cancel(shop: Shop, payment: Payment, reason: Reason): Payment {
  const cancellation = detailsOf(reason);
  const canceled: Payment = {
    ...{ ...payment, status: 'canceled', cancellation, expiresMs: undefined },
  };
  shop.payments.put(canceled.id, canceled);
  shop.notify('payment.canceled', shop.paymentToApi(canceled));
  return canceled;
}

export function capturePayment(shop: Shop, id: string, { fields }: Asked): Reply {
  const payment = reserved(shop, id);
  const amount = fields.amount === undefined ? payment.amount : amountOf(fields);
  if (amount.currency !== payment.amount.currency) {
    throw invalid('Another currency', 'amount.currency');
  }
  if (amount.minor > payment.amount.minor) {
    const { value } = amountText(payment.amount);
    throw invalid(`No more than ${value} is reserved`, 'amount.value');
  }
  const receipt = receiptOf(fields, amount) ?? payment.receipt;
  return answer(shop, take(shop, { ...payment, receipt }, amount.minor));
}

export function cancelPayment(shop: Shop, id: string): Reply {
  return answer(shop, cancel(shop, reserved(shop, id), 'canceled_by_merchant'));
}

function reserved(shop: Shop, id: string): Payment {
  const payment = shop.payment(id);
  if (payment.status === 'waiting_for_capture') return payment;
  throw invalid(`The payment is ${payment.status}, not waiting_for_capture`, 'payment_id');
}

/** What was pending is decided: paid. */
export function decide(shop: Shop, id: string): void {
  const payment = shop.payments.need(id);
  if (payment.status === 'pending') succeed(shop, payment);
}

export function expire(shop: Shop, id: string): void {
  const payment = shop.payments.need(id);
  // Its holder has paid, and only the decision is late.
  if (payment.status === 'pending' && payment.methodId === undefined) {
    cancel(shop, payment, 'expired_on_confirmation');
  }
  if (payment.status === 'waiting_for_capture') cancel(shop, payment, 'expired_on_capture');
}
