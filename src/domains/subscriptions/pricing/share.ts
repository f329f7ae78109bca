import { must } from '#errors';

/** An exact part of a whole: 0 ≤ numerator ≤ denominator. Kept on the line that it made. */
export interface Share {
  readonly numerator: bigint;
  readonly denominator: bigint;
}

export const WHOLE: Share = { numerator: 1n, denominator: 1n };
export const NOTHING: Share = { numerator: 0n, denominator: 1n };

/** The share of an amount, rounded half up, once. A negative amount is the mirror of its positive one. */
export function shareOf(amountMinor: bigint, { numerator, denominator }: Share): bigint {
  must(denominator > 0n, 'a share has a whole');
  if (amountMinor < 0n) return -shareOf(-amountMinor, { numerator, denominator });
  return (2n * amountMinor * numerator + denominator) / (2n * denominator);
}

/**
 * Parts of `totalMinor` in the proportion of the weights that sum to it exactly. What rounding down leaves goes, one unit each, to
 * the parts that lost most, the earlier first. Without any weight the first part takes all.
 */
export function distribute(totalMinor: bigint, weights: readonly bigint[]): readonly bigint[] {
  must(totalMinor >= 0n && weights.every((weight) => weight >= 0n), 'parts are not negative');
  must(weights.length > 0 || totalMinor === 0n, 'somebody takes the total');
  const whole = weights.reduce((sum, weight) => sum + weight, 0n);
  if (whole === 0n) return weights.map((_, index) => (index === 0 ? totalMinor : 0n));
  const parts = weights.map((weight) => (totalMinor * weight) / whole);
  const left = totalMinor - parts.reduce((sum, part) => sum + part, 0n);
  const takers = weights
    .map((weight, index) => ({ index, lost: (totalMinor * weight) % whole }))
    .toSorted((one, other) => Number(other.lost - one.lost) || one.index - other.index)
    .slice(0, Number(left))
    .map(({ index }) => index);
  return parts.map((part, index) => (takers.includes(index) ? part + 1n : part));
}
