import { createHash } from 'node:crypto';
import { formatDecimal, type Money } from '#money';
import type {
  CardOperation,
  CardOrder,
  PresentOrder,
  ReceiptData,
  ReceiptTax,
  SavedCardOrder,
} from '#payments/card-gateway';
import { type FiscalReceipt, fiscalReceipt, type GatewayRequest } from '#payments/card-talk';
import type { YooKassaAccount } from './settings.ts';

export const OWN_URL = 'https://api.yookassa.ru/v3';

function headersOf({ secrets, settings }: YooKassaAccount) {
  const login = Buffer.from(`${settings.shop_id}:${secrets.secret_key}`).toString('base64');
  return { authorization: `Basic ${login}`, accept: 'application/json' };
}

export function get(account: YooKassaAccount, path: string): GatewayRequest {
  return { method: 'GET', path, headers: headersOf(account) };
}

/** Within 24 hours the same key is carried out once. It may have 64 characters, ours may have more: a digest has exactly as many. */
function post(
  account: YooKassaAccount,
  path: string,
  { body, payment }: { readonly body: object; readonly payment: string },
): GatewayRequest {
  return {
    ...{ method: 'POST', path, body: JSON.stringify(body) },
    headers: {
      ...headersOf(account),
      'content-type': 'application/json; charset=utf-8',
      'idempotence-key': createHash('sha256').update(payment).digest('hex'),
    },
  };
}

export function createPresented(order: PresentOrder, account: YooKassaAccount): GatewayRequest {
  const body = {
    ...orderFields(order, account),
    save_payment_method: order.saveCard,
    confirmation: {
      ...{ type: 'redirect', return_url: order.returnUrl, locale: localeOf(order.locale) },
    },
    ...(order.ipAddress === '' ? {} : { client_ip: order.ipAddress }),
  };
  return post(account, '/payments', { body, payment: order.payment });
}

/** Without a confirmation: it is either taken from the saved method or refused. */
export function createSaved(order: SavedCardOrder, account: YooKassaAccount): GatewayRequest {
  const body = { ...orderFields(order, account), payment_method_id: order.token };
  return post(account, '/payments', { body, payment: order.payment });
}

export function capture(operation: CardOperation, account: YooKassaAccount): GatewayRequest {
  const body = { amount: amountOf(operation), ...receiptOf(operation, account) };
  return post(account, `${pathOf('payments', operation.transaction)}/capture`, {
    ...{ body, payment: operation.payment },
  });
}

export function cancel(operation: CardOperation, account: YooKassaAccount): GatewayRequest {
  return post(account, `${pathOf('payments', operation.transaction)}/cancel`, {
    ...{ body: {}, payment: operation.payment },
  });
}

/** Its description carries our id: that is what a refund is found by. */
export function refund(operation: CardOperation, account: YooKassaAccount): GatewayRequest {
  const body = {
    ...{ payment_id: operation.transaction, amount: amountOf(operation) },
    description: operation.payment,
    ...receiptOf(operation, account),
  };
  return post(account, '/refunds', { body, payment: operation.payment });
}

export function pathOf(what: 'payments' | 'refunds', id: string): string {
  return `/${what}/${encodeURIComponent(id)}`;
}

const DESCRIPTION_LETTERS_MAX = 128;

function orderFields(order: CardOrder, account: YooKassaAccount): object {
  return {
    ...{ amount: amountOf(order), capture: !order.twoStage },
    description: order.description.slice(0, DESCRIPTION_LETTERS_MAX),
    metadata: { payment: order.payment, account: order.account },
    merchant_customer_id: order.account,
    ...receiptOf(order, account),
  };
}

function amountOf(money: Money): object {
  return { value: formatDecimal(money), currency: money.currency };
}

/** `vat_code`. */
const VAT_CODES: Readonly<Record<ReceiptTax, number>> = {
  ...{ none: 1, vat0: 2, vat10: 3, vat20: 4, vat110: 5, vat120: 6 },
  ...{ vat5: 7, vat7: 8, vat105: 9, vat107: 10, vat22: 11, vat122: 12 },
};

/** `tax_system_code`. */
const TAX_SYSTEM_CODES: Readonly<Record<FiscalReceipt['taxSystem'], number>> = {
  ...{ osn: 1, usn_income: 2, usn_income_outcome: 3, esn: 5, patent: 6 },
};

/** Nothing where the account sends no receipts. */
function receiptOf(
  { currency, receipt }: { readonly currency: string; readonly receipt?: ReceiptData },
  account: YooKassaAccount,
): object {
  const fiscal = fiscalReceipt(receipt, account.receipts);
  if (!fiscal) return {};
  const { email, items, phone, taxSystem } = fiscal;
  return {
    receipt: {
      customer: {
        ...(email === undefined ? {} : { email }),
        // E.164 without its plus.
        ...(phone === undefined ? {} : { phone: phone.replace(/^\+/, '') }),
      },
      tax_system_code: TAX_SYSTEM_CODES[taxSystem],
      items: items.map((item) => ({
        ...{ description: item.name.slice(0, DESCRIPTION_LETTERS_MAX), quantity: item.quantity },
        ...{ amount: amountOf({ amountMinor: item.amountMinor, currency }) },
        ...{ vat_code: VAT_CODES[item.tax], payment_mode: 'full_payment' },
        payment_subject: 'service',
      })),
    },
  };
}

const LOCALES: Readonly<Record<string, string>> = { ru: 'ru_RU', en: 'en_US', de: 'de_DE' };

function localeOf(locale: string): string {
  const language = locale.slice(0, 2).toLowerCase();
  return Object.hasOwn(LOCALES, language) ? (LOCALES[language] ?? 'ru_RU') : 'ru_RU';
}
