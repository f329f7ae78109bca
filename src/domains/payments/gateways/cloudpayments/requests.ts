import type {
  CardOperation,
  CardOrder,
  CryptogramOrder,
  SavedCardOrder,
} from '#payments/card-gateway';
import { decimalNumber, type GatewayRequest } from '#payments/card-talk';
import { customerReceipt } from './receipt.ts';
import type { CloudPaymentsAccount } from './settings.ts';

export const OWN_URL = 'https://api.cloudpayments.ru';
/** Under this name a refund carries our id: it has no order number of its own. */
export const OWN_ID = 'kopek_payment';

/** A request of theirs: always POST, also where it reads. The same `requestId` is carried out once within an hour. */
export function post(
  account: CloudPaymentsAccount,
  path: string,
  body: object,
  requestId?: string,
): GatewayRequest {
  const { secrets, settings } = account;
  const login = Buffer.from(`${settings.public_id}:${secrets.api_secret}`).toString('base64');
  return {
    ...{ method: 'POST', path, body: JSON.stringify(body) },
    headers: {
      ...{ authorization: `Basic ${login}`, accept: 'application/json' },
      'content-type': 'application/json; charset=utf-8',
      ...(requestId === undefined ? {} : { 'x-request-id': requestId }),
    },
  };
}

export function chargeByCryptogram(
  order: CryptogramOrder,
  account: CloudPaymentsAccount,
): GatewayRequest {
  const path = `/payments/cards/${order.twoStage ? 'auth' : 'charge'}`;
  const body = {
    ...orderFields(order, account),
    ...{ IpAddress: order.ipAddress, CardCryptogramPacket: order.cryptogram },
    ...(order.cardholder === undefined ? {} : { Name: order.cardholder }),
    ...{ SaveCard: order.saveCard, CultureName: cultureOf(order.locale) },
  };
  return post(account, path, body, order.payment);
}

/** `PaymentScheduled` has to be told of what the merchant begins: it is what his agreement with the holder covers. */
export function chargeByToken(order: SavedCardOrder, account: CloudPaymentsAccount) {
  const byMerchant = order.initiator === 'merchant';
  const path = `/payments/tokens/${order.twoStage ? 'auth' : 'charge'}`;
  const body = {
    ...orderFields(order, account),
    ...{ Token: order.token, TrInitiatorCode: byMerchant ? 0 : 1 },
    PaymentScheduled: byMerchant ? 1 : 0,
  };
  return post(account, path, body, order.payment);
}

/** Another request than the charge: under its id they would answer what they answered to that. */
export function finishAuthentication(
  order: CardOrder,
  proof: { readonly transaction: string; readonly paRes: string },
  account: CloudPaymentsAccount,
): GatewayRequest {
  const body = { TransactionId: idNumber(proof.transaction), PaRes: proof.paRes };
  return post(account, '/payments/cards/post3ds', body, `${order.payment}.3ds`);
}

export function operate(
  path: '/payments/confirm' | '/payments/refund',
  operation: CardOperation,
  account: CloudPaymentsAccount,
): GatewayRequest {
  const { payment, transaction } = operation;
  const body = {
    TransactionId: idNumber(transaction),
    Amount: decimalNumber(operation),
    JsonData: dataOf({ [OWN_ID]: payment }, customerReceipt(operation, account)),
  };
  return post(account, path, body, payment);
}

export function letGo(operation: CardOperation, account: CloudPaymentsAccount): GatewayRequest {
  const body = { TransactionId: idNumber(operation.transaction) };
  return post(account, '/payments/void', body, operation.payment);
}

function orderFields(order: CardOrder, account: CloudPaymentsAccount): object {
  const { currency, email } = order;
  const receipt = customerReceipt(order, account);
  return {
    ...{ Amount: decimalNumber(order), Currency: currency, InvoiceId: order.payment },
    ...{ AccountId: order.account, Description: order.description },
    ...(email === undefined ? {} : { Email: email }),
    ...(receipt ? { JsonData: dataOf({}, receipt) } : {}),
  };
}

/** Free data, as a text: their own instructions stand in it under `cloudpayments`. */
function dataOf(own: object, CustomerReceipt: object | undefined): string {
  if (!CustomerReceipt) return JSON.stringify(own);
  return JSON.stringify({ ...own, cloudpayments: { CustomerReceipt } });
}

/** Their ids are numbers, of which some are larger than a double holds; a text that is none stays one, and is refused by them. */
export function idNumber(transaction: string): unknown {
  const { rawJSON } = JSON as unknown as { rawJSON(text: string): unknown };
  return /^[1-9]\d{0,18}$/.test(transaction) ? rawJSON(transaction) : transaction;
}

const CULTURES = ['en-US', 'lv', 'az', 'kk', 'uk', 'pl', 'vi', 'tr'];

/** Of the languages that they speak the one that fits; Russian where none does. */
export function cultureOf(locale: string): string {
  const language = locale.slice(0, 2).toLowerCase();
  return CULTURES.find((culture) => culture.startsWith(language)) ?? 'ru-RU';
}
