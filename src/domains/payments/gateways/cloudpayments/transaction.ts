import { at, type Json, readJson, textAt } from '#json';
import { parseDecimal } from '#money';
import type { CardFacts, SavedCard } from '#payments/card-gateway';
import { utcDate } from '#payments/card-talk';
import { OWN_ID } from './requests.ts';

/** Their fields are the same in answers and in notifications, but for the name of the time and that of the data. */
export function factsOf(model: Json | undefined, silentCurrency: string): CardFacts | undefined {
  const transaction = idOf(model, 'TransactionId');
  const currency = textAt(model, 'Currency') ?? silentCurrency;
  const amountMinor = parseDecimal(textAt(model, 'Amount') ?? '', currency);
  if (transaction === undefined || amountMinor === undefined) return undefined;
  const card = cardOf(model);
  const at = utcDate(textAt(model, 'CreatedDateIso') ?? textAt(model, 'DateTime'));
  const feeMinor = parseDecimal(textAt(model, 'TotalFee') ?? '', currency);
  return {
    ...{ transaction, amountMinor, currency, test: isTest(model) },
    ...given('payment', textAt(model, 'InvoiceId')),
    ...given('account', textAt(model, 'AccountId')),
    ...given('authCode', textAt(model, 'AuthCode')),
    ...given('rrn', textAt(model, 'Rrn')),
    ...(at ? { at } : {}),
    ...(card ? { card } : {}),
    ...(feeMinor === undefined ? {} : { feeMinor }),
  };
}

/** A refund is known by our id in its data: the order number is that of the payment. */
export function refundFactsOf(
  model: Json | undefined,
  silentCurrency: string,
): CardFacts | undefined {
  const facts = factsOf(model, silentCurrency);
  if (!facts) return undefined;
  const { card: _card, payment: _of, ...rest } = facts;
  return { ...rest, ...given('payment', ownIdOf(model)) };
}

/** Our id in the free data of an operation. */
export function ownIdOf(model: Json | undefined): string | undefined {
  const data = at(model, 'JsonData') ?? at(model, 'Data');
  return textAt(typeof data === 'string' ? readJson(data) : data, OWN_ID);
}

/** Refunds and payouts stand in the same lists as payments. */
export function isRefund(model: Json | undefined): boolean {
  const type = textAt(model, 'OperationType') ?? textAt(model, 'Type');
  if (type === 'Refund' || type === '1') return true;
  return type !== 'Payment' && type !== '0' && idOf(model, 'OriginalTransactionId') !== undefined;
}

/** Whole numbers, as text; 0 stands for none. */
export function idOf(model: Json | undefined, name: string): string | undefined {
  const text = textAt(model, name);
  return text !== undefined && /^[1-9]\d{0,18}$/.test(text) ? text : undefined;
}

function isTest(model: Json | undefined): boolean {
  const mode = at(model, 'TestMode');
  return mode === true || mode === '1' || mode === 'true' || mode === 'True';
}

function cardOf(model: Json | undefined): SavedCard | undefined {
  const [first, last] = [textAt(model, 'CardFirstSix'), textAt(model, 'CardLastFour')];
  const token = textAt(model, 'Token');
  if (last === undefined && token === undefined) return undefined;
  const [, month, year] = /^(\d\d)\/(\d\d)$/.exec(textAt(model, 'CardExpDate') ?? '') ?? [];
  return {
    mask: `${first ?? ''}******${last ?? ''}`,
    brand: textAt(model, 'CardType') ?? '',
    ...given('token', token),
    ...given('fingerprint', textAt(model, 'CardId')),
    ...(month === undefined ? {} : { expires: `20${year}-${month}` }),
  };
}

function given<Name extends string>(name: Name, value: string | undefined) {
  return (value === undefined ? {} : { [name]: value }) as { readonly [Key in Name]?: string };
}
