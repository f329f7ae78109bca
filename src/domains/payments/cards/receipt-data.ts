import type { ReceiptData } from '#payments/card-gateway';
import type { Offer } from '#payments/payment';

export interface Sold {
  readonly msisdn: string;
  readonly reference: string;
  /** Of the operation: all of what was sold, or a part that is taken or given back. */
  readonly amountMinor: bigint;
  readonly offer?: Offer | undefined;
}

/**
 * What was sold, as a fiscal receipt of this operation would say it: to whom, and lines that sum up to its amount. Whether one
 * is sent is for the account of its gateway to say.
 */
export function receiptOf({ amountMinor, msisdn, offer, reference }: Sold): ReceiptData {
  const { email = offer?.email, items, phone } = offer?.receipt ?? {};
  const line = { name: offer?.description ?? reference, quantity: 1, amountMinor };
  // Somebody has to be sent it: a receipt without a contact is refused.
  const contact = phone === undefined && email === undefined ? { phone: msisdn } : {};
  return {
    ...contact,
    ...(email === undefined ? {} : { email }),
    ...(phone === undefined ? {} : { phone }),
    items: items && items.length > 0 ? partOf(items, amountMinor) : [line],
  };
}

/** Of a part each line has its share, by sums that are rounded down: together they are exactly the part. */
function partOf(items: ReceiptData['items'], amountMinor: bigint): ReceiptData['items'] {
  const totals = items.map((item) => item.amountMinor * BigInt(item.quantity));
  const whole = totals.reduce((sum, total) => sum + total, 0n);
  if (whole === amountMinor || whole === 0n) return items;
  let before = 0n;
  return items.flatMap((item, place) => {
    const after = before + (totals[place] ?? 0n);
    const share = (after * amountMinor) / whole - (before * amountMinor) / whole;
    before = after;
    return share > 0n ? [{ ...item, quantity: 1, amountMinor: share }] : [];
  });
}
