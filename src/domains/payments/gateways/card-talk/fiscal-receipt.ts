import type { ReceiptData, ReceiptSettings, ReceiptTax } from '#payments/card-gateway';

/** A fiscal receipt with nothing left open. */
export interface FiscalReceipt {
  readonly taxSystem: ReceiptSettings['taxSystem'];
  readonly email: string | undefined;
  readonly phone: string | undefined;
  readonly items: readonly (ReceiptData['items'][number] & { readonly tax: ReceiptTax })[];
}

/** What is sold, with what its account says besides; undefined where the account sends no receipts. */
export function fiscalReceipt(
  receipt: ReceiptData | undefined,
  settings: ReceiptSettings | undefined,
): FiscalReceipt | undefined {
  if (!receipt || !settings) return undefined;
  const { email, items, phone } = receipt;
  const { defaultTax, taxSystem } = settings;
  return {
    ...{ taxSystem, email, phone },
    items: items.map((item) => ({ ...item, tax: item.tax ?? defaultTax })),
  };
}
