import { fail } from './errors.ts';

/** As JSON. Facts about a transfer belong here, documents do not. */
const METADATA_LENGTH_MAX = 4000;

/** Throws what the database could not store, or what is too much. */
export function checkMetadata(metadata: Readonly<Record<string, unknown>>, field: string): void {
  const refuse = (message: string) =>
    fail('transfer_malformed', `${field} ${message}.`, { faults: [{ field, message }] });
  const text = JSON.stringify(metadata);
  if (text.length > METADATA_LENGTH_MAX)
    throw refuse(`must be at most ${METADATA_LENGTH_MAX} letters of JSON`);
  // What JSON escapes and jsonb refuses: NUL, and half a surrogate pair; an even row of backslashes is text.
  if (/(?<!\\)(?:\\\\)*\\u(?:0000|d[89a-f][0-9a-f]{2})/.test(text))
    throw refuse('must have no NUL and no half of a surrogate pair');
}
