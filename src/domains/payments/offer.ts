import type { ReceiptData } from './card-gateway.ts';
import type { Offer } from './payment.ts';

/** An offer in its row: JSON knows no bigint, so amounts of a receipt are text. */
export interface StoredOffer {
  readonly description: string;
  readonly email?: string;
  readonly saveCard?: boolean;
  readonly twoStage?: boolean;
  readonly receipt?: Omit<ReceiptData, 'items'> & {
    readonly items: readonly (Omit<ReceiptData['items'][number], 'amountMinor'> & {
      readonly amountMinor: string;
    })[];
  };
}

export function offerToRow({ receipt, ...offer }: Offer): string {
  const items = receipt?.items.map((item) => ({ ...item, amountMinor: String(item.amountMinor) }));
  const stored: StoredOffer = {
    ...offer,
    ...(receipt && items && { receipt: { ...receipt, items } }),
  };
  return JSON.stringify(stored);
}

export function offerFromRow({ receipt, ...offer }: StoredOffer): Offer {
  if (!receipt) return offer;
  const items = receipt.items.map((item) => ({ ...item, amountMinor: BigInt(item.amountMinor) }));
  return { ...offer, receipt: { ...receipt, items } };
}
