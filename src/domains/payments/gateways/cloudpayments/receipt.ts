import type { ReceiptData, ReceiptTax } from '#payments/card-gateway';
import { decimalNumber } from '#payments/card-talk';
import type { CloudPaymentsAccount } from './settings.ts';

/** Null says that there is no tax. */
const VAT: Readonly<Record<ReceiptTax, number | null>> = {
  ...{ none: null, vat0: 0, vat5: 5, vat7: 7, vat10: 10, vat20: 20, vat22: 22 },
  ...{ vat105: 105, vat107: 107, vat110: 110, vat120: 120, vat122: 122 },
};

/** `CustomerReceipt` of 54-FZ. */
export function toCustomerReceipt(
  receipt: ReceiptData,
  currency: string,
  { settings }: CloudPaymentsAccount,
): object {
  const { email, items, phone } = receipt;
  const totalOf = ({ amountMinor, quantity }: ReceiptData['items'][number]) =>
    amountMinor * BigInt(quantity);
  const total = items.reduce((sum, item) => sum + totalOf(item), 0n);
  const amount = (amountMinor: bigint) => decimalNumber({ amountMinor, currency });
  return {
    Items: items.map((item) => ({
      ...{ label: item.name, price: amount(item.amountMinor), quantity: item.quantity },
      ...{ amount: amount(totalOf(item)), vat: VAT[item.tax] },
    })),
    ...(settings.taxation_system === undefined ? {} : { taxationSystem: settings.taxation_system }),
    ...(email === undefined ? {} : { email }),
    ...(phone === undefined ? {} : { phone }),
    amounts: { electronic: amount(total) },
  };
}
