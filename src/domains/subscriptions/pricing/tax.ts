import { shareOf } from './share.ts';

/** A tax that the price includes. `name` is what a fiscal receipt calls it, such as `vat22`. */
export interface Tax {
  readonly name: string;
  /** Hundredths of a percent of the price without it: 2200 is 22 %. 0: none. */
  readonly basisPoints: number;
}

export const noTax: Tax = { name: 'none', basisPoints: 0 };

/** The tax within an amount that includes it, half up. */
export function taxWithin(amountMinor: bigint, { basisPoints }: Tax): bigint {
  const rate = BigInt(basisPoints);
  return shareOf(amountMinor, { numerator: rate, denominator: 10_000n + rate });
}
