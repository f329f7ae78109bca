import { withCountryCode } from '#phone';
import type { SmsOutcome, StatusReport } from '#sms/provider';

/**
 * A NUL and half an emoji (long texts are cut anywhere) can't be stored. Refusing them would only make the operator
 * send the same again, and the text may be a STOP.
 */
export function storable(text: string): string {
  return text.toWellFormed().replaceAll('\u0000', '\ufffd');
}

/** The same of what a provider reports. */
export function storableReport(report: StatusReport): StatusReport {
  const { providerMessageId, reason } = report;
  return {
    ...report,
    providerMessageId: storable(providerMessageId),
    ...(reason === undefined ? {} : { reason: storable(reason) }),
  };
}

/** The same of what a provider answers: what can't be written down would be an answer that was lost. */
export function storableOutcome(result: SmsOutcome): SmsOutcome {
  if (result.outcome !== 'accepted') return { ...result, reason: storable(result.reason) };
  return { ...result, providerMessageIds: result.providerMessageIds.map(storable) };
}

/** Whose message it is, as far as it can be told: a number as E.164, and a name (of a service) as it came. */
export function readSender(from: string): string {
  const digits = from.replace(/[\s().+-]/g, '');
  return /^[1-9][0-9]{6,14}$/.test(digits) ? `+${withCountryCode(digits)}` : storable(from);
}
