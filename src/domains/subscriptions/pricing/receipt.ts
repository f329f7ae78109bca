import type { Quote } from './quote.ts';
import { distribute } from './share.ts';
import type { Tax } from './tax.ts';

/** A line of a fiscal receipt: none is below 0, and together they are exactly what the card is asked for. */
export interface ReceiptLine {
  readonly kind: 'plan' | 'setup_fee';
  readonly plan: string;
  readonly quantity: number;
  readonly amountMinor: bigint;
  readonly tax: Tax;
}

/**
 * What the card pays for. Credits and the balance have no line on a receipt: they make what is bought cheaper, each line by its share,
 * and what rounding leaves is distributed so that the lines sum to the amount due.
 */
export function receiptLines({ dueMinor, lines }: Pick<Quote, 'dueMinor' | 'lines'>) {
  if (dueMinor === 0n) return [];
  const bought = lines.filter(({ amountMinor }) => amountMinor > 0n);
  const parts = distribute(
    dueMinor,
    bought.map(({ amountMinor }) => amountMinor),
  );
  return bought.map(
    ({ kind, plan, quantity, tax }, index): ReceiptLine => ({
      kind: kind === 'setup_fee' ? kind : 'plan',
      ...{ plan, quantity, tax, amountMinor: parts[index] ?? 0n },
    }),
  );
}
