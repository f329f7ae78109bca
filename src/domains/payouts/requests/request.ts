import { formatRowId, parseRowId } from '#ids';
import { fail } from '#payouts/errors';

/** `new` until the gate has looked at it. It ends once. */
export type RequestStatus = 'new' | 'done' | 'error';

/** A wish to be paid, checked and ready to be stored. */
export interface NewRequest {
  readonly id: bigint;
  readonly clientId: string;
  readonly externalId: string;
  /** JSON text; empty where there is none. */
  readonly metadata: string;
  /** Whose key it came with. */
  readonly askedBy: string;
}

/** Why a request ended with no payout made or met. */
export type NothingReason = 'no_account' | 'no_balance';

/** What became of a request that is done. */
export interface RequestOutcome {
  /** Payouts that it made: po_… */
  readonly made: readonly string[];
  /** Payouts that were open for its accounts already: there is one open payout for each account. */
  readonly met: readonly string[];
  readonly reason?: NothingReason;
}

const REQUEST_PREFIX = 'preq';

export const CLIENT_ID_LENGTH_MAX = 100;
export const EXTERNAL_ID_LENGTH_MAX = 200;
/** Of its JSON text: it is for finding a request again, not for documents. */
export const METADATA_LENGTH_MAX = 4096;

export function requestId(id: bigint): string {
  return formatRowId(REQUEST_PREFIX, id);
}

export function parseRequestId(text: string): bigint {
  return parseRowId(REQUEST_PREFIX, text);
}

const UNSTORABLE = /[\p{Cc}\p{Cs}]/u;

/** Throws `request_malformed` for what would not be the same text when it is read again. */
export function mustBeStorable(field: string, text: string): void {
  if (UNSTORABLE.test(text)) {
    throw malformed(field, 'must be without control characters and without half an emoji');
  }
}

/** A NUL, or half a surrogate pair, as JSON escapes them; an escaped backslash before a `u` is neither. */
const UNSTORABLE_ESCAPE = /(?<!\\)(?:\\\\)*\\u(?:0000|d[89a-f])/;

/** The text to be stored of what the caller wants to find again. */
export function metadataText(metadata: Readonly<Record<string, unknown>> | undefined): string {
  if (metadata === undefined) return '';
  const text = jsonText(metadata);
  if (text.length > METADATA_LENGTH_MAX) {
    const size = `as JSON has ${text.length} letters`;
    throw malformed('metadata', `must have at most ${METADATA_LENGTH_MAX} letters (${size})`);
  }
  if (text.includes('\\u') && UNSTORABLE_ESCAPE.test(text)) {
    throw malformed('metadata', 'must be without NUL characters and without half an emoji');
  }
  return text;
}

function jsonText(metadata: Readonly<Record<string, unknown>>): string {
  try {
    return JSON.stringify(metadata);
  } catch (error) {
    // What was parsed has no cycles: it is deeper than the stack.
    if (error instanceof RangeError) throw malformed('metadata', 'must not be nested so deeply');
    throw error;
  }
}

function malformed(field: string, message: string): Error {
  return fail('request_malformed', `${field} ${message}.`, { faults: [{ field, message }] });
}
