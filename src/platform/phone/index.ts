import { AppError } from '#errors';

/** E.164 allows at most 15 digits after the plus (ITU-T E.164, 6.2.1). */
const E164_DIGITS_MAX = 15;
const E164_DIGITS_MIN = 7;

/** How one operator's numbers look. Prefixes are E.164 digits without the plus, e.g. `9230`. */
export interface NumberPlan {
  /** Country calling code, digits only: `92`. */
  readonly countryCode: string;
  /** What people dial before a national number, e.g. `0`; empty where there is none. */
  readonly trunkPrefix: string;
  /** Digits of the whole number, country code included. */
  readonly digits: number;
  readonly prefixes: readonly string[];
}

/**
 * Reads a number in any spelling people use (`0300 9102250`, `+92-300-9102250`, `0092 300…`, `923009102250`)
 * into E.164 with the plus, judged by the operator's plan. Nothing is guessed: what is not that operator's
 * number is refused with a reason that a person can act on.
 */
export function readMsisdn(text: string, plan: NumberPlan): string {
  const digits = plan.digits;
  const bare = text.trim().replace(/[\s().\-\u00a0\u2010-\u2015]/g, '');
  if (!/^\+?[0-9]+$/.test(bare)) throw refuse('digits only, such as 03001234567');
  const national = nationalPart(bare, plan);
  const whole = plan.countryCode + national;
  if (whole.length !== digits) {
    throw refuse(
      `a number of this operator has ${digits} digits with the country code ${plan.countryCode}`,
    );
  }
  if (!plan.prefixes.some((prefix) => whole.startsWith(prefix))) {
    throw refuse('this number is not of the operator that this offer is for', 'msisdn_foreign');
  }
  return `+${whole}`;
}

/**
 * The same where the operator is not known: by the first of the plans that knows the spelling, or as a whole number with
 * its country's code (a plus may have become a space on its way through a query string).
 */
export function readAnyMsisdn(text: string, plans: readonly NumberPlan[]): string {
  let refusal: AppError | undefined;
  for (const plan of plans) {
    try {
      return readMsisdn(text, plan);
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      refusal = error;
    }
  }
  const bare = text.replace(/[\s().\-\u00a0\u2010-\u2015]/g, '');
  const isWhole = /^[+ ]/.test(text) || bare.startsWith('00');
  const digits = bare.replace(/^(\+|00)/, '');
  const whole = `+${isWhole ? digits : withCountryCode(digits)}`;
  if (!isE164(whole)) throw refusal ?? refuse('an E.164 number such as +923001234567');
  if (!isWhole && WITHOUT_COUNTRY.test(digits))
    throw refuse('ten digits that lack the code of their country: write it, such as +79161234567');
  mustBePossible(whole);
  return whole;
}

/** Ten digits are how Russians leave out their code; with a plus they may be of the Maldives, Lebanon or Myanmar. */
const WITHOUT_COUNTRY = /^9\d{9}$/;
const RUSSIAN_TRUNK = /^8[79]\d{9}$/;

/**
 * Digits of a whole number as they are, and those that Russia and Kazakhstan dial with 8 in front, under their code 7: no
 * country's code begins with 89, and numbers with 87 in front are longer. Providers there correct an 8 by themselves, so
 * that it must not hide from us whose laws hold.
 */
export function withCountryCode(digits: string): string {
  return RUSSIAN_TRUNK.test(digits) ? `7${digits.slice(1)}` : digits;
}

/** Calling codes all of whose numbers are equally long. */
const WHOLE_DIGITS: readonly (readonly [code: string, digits: number])[] = [
  ['1', 11],
  ['7', 11],
];

function mustBePossible(whole: string): void {
  if (whole.startsWith('+89'))
    throw refuse('no country has a code that begins with 89: write +7 in place of the 8');
  for (const [code, digits] of WHOLE_DIGITS) {
    if (whole.startsWith(`+${code}`) && whole.length !== digits + 1)
      throw refuse(`a number with the country code ${code} has ${digits} digits`);
  }
}

function nationalPart(bare: string, plan: NumberPlan): string {
  if (bare.startsWith('+')) {
    if (!bare.startsWith(`+${plan.countryCode}`)) {
      throw refuse('this number is of another country', 'msisdn_foreign');
    }
    return bare.slice(plan.countryCode.length + 1);
  }
  if (bare.startsWith(`00${plan.countryCode}`)) return bare.slice(plan.countryCode.length + 2);
  if (bare.startsWith(plan.countryCode) && bare.length === plan.digits) {
    return bare.slice(plan.countryCode.length);
  }
  if (plan.trunkPrefix !== '' && bare.startsWith(plan.trunkPrefix)) {
    return bare.slice(plan.trunkPrefix.length);
  }
  return bare;
}

/** True when `text` is E.164 with its plus: what is stored and compared everywhere in Kopek. */
export function isE164(text: string): boolean {
  const digits = text.slice(1);
  return (
    text.startsWith('+') &&
    /^[1-9][0-9]+$/.test(digits) &&
    digits.length >= E164_DIGITS_MIN &&
    digits.length <= E164_DIGITS_MAX
  );
}

/** `+92 300 ···-22-50` in spirit: enough to recognise one's own number, too little to learn another's. */
export function maskMsisdn(msisdn: string): string {
  return msisdn.length < 8 ? '···' : `${msisdn.slice(0, 6)}···${msisdn.slice(-4)}`;
}

function refuse(message: string, code = 'msisdn_invalid'): AppError {
  return new AppError('invalid', code, `The phone number can't be used: ${message}.`, {
    faults: [{ field: 'msisdn', message }],
  });
}
