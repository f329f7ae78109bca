import { AppError } from '#errors';
import { isE164, type NumberPlan, readMsisdn } from '#phone';

/**
 * A number in any spelling that one of the operators knows (`0300 9102250`, `923009102250`), as E.164; or, of no
 * operator here, one that is E.164 already: a story may be older than its operator. Throws `msisdn_invalid`.
 */
export function readAnyNumber(text: string, plans: readonly NumberPlan[]): string {
  let refusal: unknown;
  for (const plan of plans) {
    try {
      return readMsisdn(text, plan);
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      refusal ??= error;
    }
  }
  const bare = text.replaceAll(/[\s().-]/g, '');
  // In a query string an unescaped plus arrives as a blank.
  const whole = bare.startsWith('+') ? bare : `+${bare}`;
  if (isE164(whole)) return whole;
  throw refusal ?? new AppError('invalid', 'msisdn_invalid', `${text} is not a phone number.`);
}
