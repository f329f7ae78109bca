import { minorDigits } from '#money';

/** `12.34`: as bank files have it, with all digits of the currency and nothing else. */
export function toDecimal(amountMinor: bigint, currency: string): string {
  return withDigits(amountMinor, minorDigits(currency));
}

/** Reads `12.34`, `12.3` and `12`; undefined for what is no amount of this currency: signs, more digits, letters. */
export function fromDecimal(text: string, currency: string): bigint | undefined {
  const digits = minorDigits(currency);
  const [, whole, fraction = ''] = /^(\d{1,18})(?:\.(\d{1,10}))?$/.exec(text) ?? [];
  if (whole === undefined || fraction.slice(digits).replaceAll('0', '') !== '') return undefined;
  return BigInt(whole + fraction.slice(0, digits).padEnd(digits, '0'));
}

/** The sum of amounts regardless of their currencies, as a control sum is: with the digits of the finest of them. */
export function controlSum(
  amounts: readonly { readonly amountMinor: bigint; readonly currency: string }[],
): string {
  const digits = Math.max(0, ...amounts.map(({ currency }) => minorDigits(currency)));
  const sum = amounts.reduce(
    (total, { amountMinor, currency }) =>
      total + amountMinor * 10n ** BigInt(digits - minorDigits(currency)),
    0n,
  );
  return withDigits(sum, digits);
}

function withDigits(amount: bigint, digits: number): string {
  const text = amount.toString().padStart(digits + 1, '0');
  return digits === 0 ? text : `${text.slice(0, -digits)}.${text.slice(-digits)}`;
}
