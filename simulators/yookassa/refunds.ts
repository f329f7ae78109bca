import { json, type Reply } from '#simulators/kit';
import { invalid } from './errors.ts';
import { amountOf, amountText, metadataOf, textOf } from './fields.ts';
import type { Asked } from './payments.ts';
import { detailsOf, reasonOf } from './reasons.ts';
import { receiptOf } from './receipts.ts';
import { newId, type Payment, type Refund, type Shop } from './shop.ts';

export function createRefund(shop: Shop, { fields }: Asked): Reply {
  const payment = shop.payments.get(textOf(fields, 'payment_id', 64) ?? '');
  if (!payment) throw invalid('There is no such payment', 'payment_id');
  if (payment.status !== 'succeeded') {
    throw invalid(`The payment is ${payment.status}, not succeeded`, 'payment_id');
  }
  const amount = amountOf(fields);
  if (amount.currency !== payment.amount.currency) {
    throw invalid('Another currency', 'amount.currency');
  }
  const leftMinor = payment.amount.minor - payment.refundedMinor;
  if (amount.minor > leftMinor) {
    const { value } = amountText({ ...amount, minor: leftMinor });
    throw invalid(`No more than ${value} is left to be given back`, 'amount.value');
  }
  const fault = shop.gateway.faults.ofBusiness({
    ...{ operation: 'refund', movesMoney: true, amountMinor: amount.minor },
    methods: payment.methodId === undefined ? [] : [payment.methodId],
  });
  const refund: Refund = {
    ...{ id: newId(shop.nowMs(), '0015'), paymentId: payment.id, status: 'pending', amount },
    description: textOf(fields, 'description', 250),
    ...{ metadata: metadataOf(fields), createdMs: shop.nowMs(), cancellation: undefined },
    receipt: receiptOf(fields, amount),
  };
  if (fault?.name === 'decline') {
    const cancellation = detailsOf(reasonOf(fault.code));
    return answer(shop, { ...refund, status: 'canceled', cancellation });
  }
  // What is promised to go back cannot be promised twice.
  const refundedMinor = payment.refundedMinor + amount.minor;
  const changed = { ...payment, refundedMinor };
  shop.payments.put(payment.id, changed);
  if (fault?.name === 'pending') {
    const lateMs = fault.delayMs ?? shop.gateway.settings.lateMs;
    shop.gateway.schedule.add('refund', refund.id, shop.nowMs() + lateMs);
    return answer(shop, refund);
  }
  return answer(shop, give(shop, refund, changed));
}

function answer(shop: Shop, refund: Refund): Reply {
  shop.refunds.put(refund.id, refund);
  return json(200, shop.refundToApi(refund));
}

function give(shop: Shop, refund: Refund, payment: Payment): Refund {
  const done: Refund = { ...refund, status: 'succeeded' };
  shop.refunds.put(done.id, done);
  shop.move('credit', payment, {
    ...{ operation: done.id, minor: done.amount.minor, reference: shop.referenceOf(done) },
  });
  shop.register(done.receipt, { type: 'refund', paymentId: payment.id, refundId: done.id });
  shop.notify('refund.succeeded', shop.refundToApi(done));
  return done;
}

/** What was pending is given back. */
export function finishRefund(shop: Shop, id: string): void {
  const refund = shop.refunds.need(id);
  if (refund.status === 'pending') give(shop, refund, shop.payments.need(refund.paymentId));
}
