import { type Acquirer, entryOf, parseAmount } from '#simulators/cloudpayments/acquirer';
import { type Fields, json, Problem, type Reply, readChoice, refuseUnknown } from '#simulators/kit';

/** The bank of the payer takes the money back, or (Representment) the merchant wins it back. Nobody is told: it is listed. */
export function makeChargeback(acquirer: Acquirer, fields: Fields): Reply {
  refuseUnknown(fields, ['transactionId', 'amount', 'operation', 'type']);
  const { store } = acquirer;
  const payment = store.transactions.get(Number(fields.transactionId));
  if (payment?.type !== 'Payment' || payment.status !== 'Completed') {
    throw new Problem(400, 'transactionId must be that of a completed payment', 'transactionId');
  }
  const amountMinor =
    fields.amount === undefined ? payment.amountMinor : parseAmount(fields.amount);
  if (amountMinor === undefined || amountMinor > payment.amountMinor) {
    throw new Problem(400, 'amount must be at most that of the payment', 'amount');
  }
  const { operation: asked = 'Presentment', type: kind = 'Chargeback' } = fields;
  const operation = readChoice(asked, ['Presentment', 'Representment'], 'operation');
  const type = readChoice(kind, ['Chargeback', 'Fee'], 'type');
  const atMs = acquirer.clock.now();
  const id = store.chargebacks.length + 1;
  const { id: transactionId, site } = payment;
  const chargeback = { id, site, transactionId, operation, type, amountMinor, atMs };
  const entryKind = operation === 'Presentment' ? 'chargeback' : 'representment';
  const movement = { kind: entryKind, transaction: payment, payment, amountMinor, atMs } as const;
  store.commit({
    chargebacks: [chargeback],
    // A fee is between the banks: the card gets nothing of it.
    ...(type === 'Fee' ? {} : { entries: [entryOf(store, movement)] }),
  });
  return json(201, chargeback);
}
