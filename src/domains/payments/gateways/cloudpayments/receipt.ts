import type { ReceiptData, ReceiptTax } from '#payments/card-gateway';
import { decimalNumber, type FiscalReceipt, fiscalReceipt } from '#payments/card-talk';
import type { CloudPaymentsAccount } from './settings.ts';

/** Null says that there is no tax. */
const VAT: Readonly<Record<ReceiptTax, number | null>> = {
  ...{ none: null, vat0: 0, vat5: 5, vat7: 7, vat10: 10, vat20: 20, vat22: 22 },
  ...{ vat105: 105, vat107: 107, vat110: 110, vat120: 120, vat122: 122 },
};

const TAXATION_SYSTEMS: Readonly<Record<FiscalReceipt['taxSystem'], number>> = {
  ...{ osn: 0, usn_income: 1, usn_income_outcome: 2, esn: 4, patent: 5 },
};

const LABEL_LETTERS_MAX = 128;

/** `CustomerReceipt` of 54-FZ; undefined where the account sends none. */
export function customerReceipt(
  { currency, receipt }: { readonly currency: string; readonly receipt?: ReceiptData },
  account: CloudPaymentsAccount,
): object | undefined {
  const fiscal = fiscalReceipt(receipt, account.receipts);
  if (!fiscal) return undefined;
  const { email, items, phone, taxSystem } = fiscal;
  const totalOf = ({ amountMinor, quantity }: FiscalReceipt['items'][number]) =>
    amountMinor * BigInt(quantity);
  const total = items.reduce((sum, item) => sum + totalOf(item), 0n);
  const amount = (amountMinor: bigint) => decimalNumber({ amountMinor, currency });
  return {
    Items: items.map((item) => ({
      ...{ label: item.name.slice(0, LABEL_LETTERS_MAX), price: amount(item.amountMinor) },
      ...{ quantity: item.quantity, amount: amount(totalOf(item)), vat: VAT[item.tax] },
    })),
    taxationSystem: TAXATION_SYSTEMS[taxSystem],
    ...(email === undefined ? {} : { email }),
    ...(phone === undefined ? {} : { phone }),
    amounts: { electronic: amount(total) },
  };
}
