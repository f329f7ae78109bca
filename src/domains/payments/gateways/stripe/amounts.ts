import type { Money } from '#money';

/** Without minor units today, and still told to Stripe in hundredths. */
const IN_HUNDREDTHS = new Set(['ISK', 'UGX']);
const LARGEST = BigInt(Number.MAX_SAFE_INTEGER);

/** Undefined for an amount that their JSON number does not hold; they take eight digits at most anyway. */
export function toStripe({ amountMinor, currency }: Money): number | undefined {
  const amount = IN_HUNDREDTHS.has(currency) ? amountMinor * 100n : amountMinor;
  return amount <= LARGEST ? Number(amount) : undefined;
}

/** Undefined for what is no whole number. */
export function fromStripe(text: string | undefined, currency: string): bigint | undefined {
  if (text === undefined || !/^\d{1,18}$/.test(text)) return undefined;
  const amount = BigInt(text);
  if (!IN_HUNDREDTHS.has(currency)) return amount;
  return amount % 100n === 0n ? amount / 100n : undefined;
}
