import {
  type Answer,
  completeThreeDs,
  confirm,
  makeVoid,
  pay,
  readCryptogram,
  refund,
  type Transaction,
} from '#simulators/cloudpayments/acquirer';
import type { ApiRequest, Endpoints } from './endpoint.ts';
import { Refusal, readOrder } from './fields.ts';

function payByCard({ caller, fields }: ApiRequest, twoStage: boolean): Promise<Answer> {
  const order = readOrder(fields, twoStage);
  fields.needText('IpAddress');
  const card = readCryptogram(fields.needText('CardCryptogramPacket'));
  if (card === undefined) throw new Refusal('Invalid CardCryptogramPacket value');
  return pay(caller, order, { card, token: null });
}

function payByToken({ caller, fields }: ApiRequest, twoStage: boolean): Promise<Answer> {
  const order = readOrder(fields, twoStage);
  const accountId = fields.needText('AccountId');
  const initiator = fields.needWhole('TrInitiatorCode');
  if (initiator !== 0 && initiator !== 1) throw new Refusal('Invalid TrInitiatorCode value');
  // Whether a charge that nobody asked for follows a schedule must be said.
  const scheduled = initiator === 0 ? fields.needWhole('PaymentScheduled') : 0;
  if (scheduled !== 0 && scheduled !== 1) throw new Refusal('Invalid PaymentScheduled value');
  const token = caller.acquirer.store.tokens.get(fields.needText('Token'));
  if (token === undefined || token.accountId !== accountId) throw new Refusal('Token not found');
  return pay(caller, { ...order, initiator }, { card: token.card, token });
}

/** Of this terminal; another's does not exist. */
export function findTransaction({ caller, fields }: ApiRequest): Transaction {
  const transaction = caller.acquirer.store.transactions.get(fields.needWhole('TransactionId'));
  if (transaction?.site !== caller.site.publicId) throw new Refusal('Transaction not found');
  return transaction;
}

export const paymentEndpoints: Endpoints = [
  [/^payments\/cards\/charge$/, (request) => payByCard(request, false)],
  [/^payments\/cards\/auth$/, (request) => payByCard(request, true)],
  [
    /^payments\/cards\/post3ds$/,
    (request) => {
      const transaction = findTransaction(request);
      return completeThreeDs(request.caller, transaction, request.fields.needText('PaRes'));
    },
  ],
  [/^payments\/tokens\/charge$/, (request) => payByToken(request, false)],
  [/^payments\/tokens\/auth$/, (request) => payByToken(request, true)],
  [
    /^payments\/confirm$/,
    (request) => {
      const transaction = findTransaction(request);
      const amountMinor = request.fields.needAmount();
      return confirm(request.caller, transaction, {
        ...{ amountMinor, jsonData: request.fields.json('JsonData') },
      });
    },
  ],
  [/^payments\/void$/, (request) => makeVoid(request.caller, findTransaction(request))],
  [
    /^payments\/refund$/,
    (request) =>
      refund(request.caller, findTransaction(request), {
        amountMinor: request.fields.needAmount(),
        jsonData: request.fields.json('JsonData'),
      }),
  ],
];
