import type { AppError } from '#errors';
import { isSendable, measureText } from '#gsm';
import { fail } from '#sms/errors';

/** More than ten parts is no message any more, and most providers take no more. */
const SEGMENTS_MAX = 10;

/** Control characters and half a surrogate pair: no handset shows them, and no database keeps them. */
const UNSTORABLE = /[\p{Cc}\p{Cs}]/u;

/**
 * Into how many parts a text is cut on its way. Throws `sms_invalid` for one that can't be sent as it is: nothing is cut
 * off, and nothing replaced.
 */
export function segmentsOf(text: string): number {
  mustBeText(text);
  const { encoding, segments } = measureText(text);
  if (segments > SEGMENTS_MAX)
    throw invalid(
      'text',
      `takes ${segments} parts in ${encoding}, and ${SEGMENTS_MAX} are the most: nothing is cut off here, shorten it`,
    );
  return segments;
}

/** A text that can be kept and shown, however long. */
export function mustBeText(text: string): void {
  if (text.trim() === '') throw invalid('text', 'is empty: there is nothing to send');
  if (!isSendable(text))
    throw invalid(
      'text',
      'holds half a surrogate pair: no handset can show it. Send whole letters',
    );
  if (text.includes('\u0000')) throw invalid('text', 'holds a NUL character: take it out');
}

/** Words that are kept beside a text (a name, a reference): throws `sms_invalid` for what can't be. */
export function mustBeWords(field: string, text: string | undefined): void {
  if (text !== undefined && UNSTORABLE.test(text))
    throw invalid(field, 'holds a control character or half a surrogate pair: take it out');
}

/** The path of the first text in a value of JSON that can't be kept (NUL, half a surrogate pair); undefined where all can. */
export function unstorableIn(value: unknown, path: string): string | undefined {
  if (typeof value === 'string') return isStorable(value) ? undefined : path;
  if (value === null || typeof value !== 'object') return undefined;
  for (const [name, member] of Object.entries(value)) {
    if (!isStorable(name)) return path;
    const found = unstorableIn(member, `${path}.${name}`);
    if (found !== undefined) return found;
  }
  return undefined;
}

const isStorable = (text: string) => text.isWellFormed() && !text.includes('\u0000');

export function invalid(field: string, message: string): AppError {
  return fail('sms_invalid', `The message can't be taken: ${field} ${message}.`, {
    faults: [{ field, message }],
  });
}
