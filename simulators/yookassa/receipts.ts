import { type Fields, isFields } from '#simulators/kit';
import { invalid } from './errors.ts';
import { type Amount, amountOf, objectOf } from './fields.ts';

/** What the till has registered, is about to, or could not. */
export interface Receipt {
  readonly id: string;
  readonly type: 'payment' | 'refund';
  readonly status: 'pending' | 'succeeded' | 'canceled';
  readonly paymentId: string;
  readonly refundId: string | undefined;
  readonly given: Fields;
  readonly createdMs: number;
  readonly registeredMs: number | undefined;
}

const taxSystemMax = 6;
const vatCodeMax = 12;
const quantityMax = 1_000_000;

/** The receipt of a request, whose lines have to sum up to its amount; somebody has to be sent it. */
export function receiptOf(fields: Fields, amount: Amount): Fields | undefined {
  const receipt = objectOf(fields, 'receipt');
  if (!receipt) return undefined;
  const customer = objectOf(receipt, 'customer') ?? {};
  const { email, phone } = customer;
  if (typeof email !== 'string' && !/^\d{8,15}$/.test(String(phone ?? '')))
    throw invalid('There is neither an email nor a phone of digits', 'receipt.customer');
  if (!isCode(receipt.tax_system_code, taxSystemMax))
    throw invalid('There is no such system of taxation', 'receipt.tax_system_code');
  const items = Array.isArray(receipt.items) ? receipt.items : [];
  const total = items.reduce((sum: number, item: unknown) => sum + minorOf(item, amount), 0);
  if (total !== amount.minor)
    throw invalid('The lines sum up to another amount than the payment', 'receipt.items');
  return receipt;
}

function minorOf(item: unknown, { currency }: Amount): number {
  if (!isFields(item)) throw invalid('A line is an object', 'receipt.items');
  const price = amountOf(item);
  const quantity = Number(item.quantity);
  const isLine =
    typeof item.description === 'string' && item.description !== '' && price.currency === currency;
  if (!isLine || !(quantity > 0 && quantity <= quantityMax))
    throw invalid('A line has a description, a quantity and an amount', 'receipt.items');
  if (!isCode(item.vat_code, vatCodeMax))
    throw invalid('There is no such rate of VAT', 'receipt.items.vat_code');
  return Math.round(price.minor * quantity);
}

function isCode(value: unknown, most: number): boolean {
  return Number.isInteger(value) && Number(value) >= 1 && Number(value) <= most;
}
