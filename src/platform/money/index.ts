import { AppError } from '#errors';

/** An amount: a whole number of the currency's minor units (paisa, kopek, cent) and its ISO 4217 code. */
export interface Money {
  readonly amountMinor: bigint;
  readonly currency: string;
}

/**
 * Minor digits of ISO 4217 currencies that differ from 2 (source: ISO 4217 list one, 2024).
 * A currency that is not here has two.
 */
const MINOR_DIGITS: Readonly<Record<string, number>> = {
  BHD: 3,
  IQD: 3,
  JOD: 3,
  KWD: 3,
  LYD: 3,
  OMR: 3,
  TND: 3,
  BIF: 0,
  CLP: 0,
  DJF: 0,
  GNF: 0,
  ISK: 0,
  JPY: 0,
  KMF: 0,
  KRW: 0,
  PYG: 0,
  RWF: 0,
  UGX: 0,
  VND: 0,
  VUV: 0,
  XAF: 0,
  XOF: 0,
  XPF: 0,
};

/** Number of decimal places in which people write this currency. */
export function minorDigits(currency: string): number {
  return MINOR_DIGITS[currency] ?? 2;
}

/** Reads an integer of minor units as JSON brings it; a fraction or an unsafe integer is refused. */
export function amountFromApi(value: unknown, field: string): bigint {
  if (typeof value === 'bigint') return value;
  if (typeof value === 'number' && Number.isSafeInteger(value)) return BigInt(value);
  throw new AppError(
    'invalid',
    'amount_invalid',
    `${field} must be a whole number of minor units`,
    {
      faults: [{ field, message: 'a whole number of minor units, without a fraction' }],
    },
  );
}

/** `5.00 PKR`: for people. The sign stands before the digits; no grouping, so that it can be searched. */
export function formatMoney(money: Money): string {
  return `${formatDecimal(money)} ${money.currency}`;
}

/** `5.00`: the amount alone, with exactly the digits of its currency, as many protocols want it. */
export function formatDecimal({ amountMinor, currency }: Money): string {
  const digits = minorDigits(currency);
  const negative = amountMinor < 0n;
  const text = (negative ? -amountMinor : amountMinor).toString().padStart(digits + 1, '0');
  const whole = digits === 0 ? text : `${text.slice(0, -digits)}.${text.slice(-digits)}`;
  return `${negative ? '-' : ''}${whole}`;
}

const DECIMAL = /^(-?)(\d{1,18})(?:\.(\d{1,10}))?$/;

/**
 * Minor units of a decimal text such as `199`, `199.0` or `199.00`, exactly. Undefined for what is none, and for what has
 * more digits than the currency: nothing is rounded.
 */
export function parseDecimal(text: string, currency: string): bigint | undefined {
  const [, sign, whole, fraction = ''] = DECIMAL.exec(text) ?? [];
  if (whole === undefined) return undefined;
  const digits = minorDigits(currency);
  if (/[^0]/.test(fraction.slice(digits))) return undefined;
  const amountMinor = BigInt(whole + fraction.slice(0, digits).padEnd(digits, '0'));
  return sign === '-' ? -amountMinor : amountMinor;
}
