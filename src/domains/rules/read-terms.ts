import { isTimeZone } from '#rules/local-time';
import { fail } from './errors.ts';

/** When a message is to leave, and up to when it is of use. */
export interface Terms {
  /** Null: now. */
  readonly notBefore: Date | null;
  readonly expiresAt: Date;
}

/** For how long a message is of use where nobody says. */
export const VALIDITY_DEFAULT_SECONDS = 86_400;
export const VALIDITY_LEAST_SECONDS = 60;
export const VALIDITY_MOST_SECONDS = 30 * 86_400;
/** The caller's clock may be that far behind ours. */
const PAST_ALLOWED_MS = 60_000;

/**
 * Reads when a caller wants a message sent, the same for whoever sends it and whoever only asks. Its validity begins when
 * it is to be sent. Throws `sms_invalid`.
 */
export function readTerms(
  {
    scheduleAt,
    validitySeconds = VALIDITY_DEFAULT_SECONDS,
  }: { readonly scheduleAt: string | undefined; readonly validitySeconds: number | undefined },
  now: Date,
): Terms {
  const at = scheduleAt === undefined ? undefined : new Date(scheduleAt);
  // A second 60 is a date to the format, and none to anybody else.
  if (at && Number.isNaN(at.getTime()))
    throw invalid('schedule_at', 'is no moment: give it as 2026-03-01T10:00:00Z');
  if (at && at.getTime() < now.getTime() - PAST_ALLOWED_MS)
    throw invalid('schedule_at', 'lies in the past: leave it out to send now');
  const from = at && at > now ? at : now;
  return {
    notBefore: at && at > now ? at : null,
    expiresAt: new Date(from.getTime() + validitySeconds * 1000),
  };
}

/** Throws `sms_invalid` for what is no IANA zone. */
export function readTimeZone(timeZone: string | undefined): string | undefined {
  if (timeZone === undefined || isTimeZone(timeZone)) return timeZone;
  const shown = JSON.stringify(timeZone.toWellFormed());
  throw invalid('time_zone', `${shown} is no IANA zone such as Asia/Karachi`);
}

/** ISO 3166-2. */
const REGION = /^[A-Z]{2}-[A-Z0-9]{1,3}$/;

/** Throws `sms_invalid` for what is no code of a region. */
export function readRegion(region: string | undefined): string | undefined {
  if (region === undefined || REGION.test(region)) return region;
  const shown = JSON.stringify(region.toWellFormed());
  throw invalid('region', `${shown} is no ISO 3166-2 code such as RU-KAM`);
}

/**
 * By what a message that waits for an opening gets its moment: whom it is for, so that whoever only asks is told the moment
 * at which it would leave.
 */
export function spreadBy(of: { readonly entity: string; readonly recipient: string }): string {
  return `${of.entity} ${of.recipient}`;
}

function invalid(field: string, message: string): Error {
  return fail('sms_invalid', `The message can't be taken: ${field} ${message}.`, {
    faults: [{ field, message }],
  });
}
