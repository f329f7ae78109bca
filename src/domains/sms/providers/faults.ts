import type { SmsFault, SmsOutcome } from '#sms/provider';
import { type Answer, entryOf } from './answer.ts';

/** What a code of a provider means: for the sender its class, for a person a sentence. */
export interface FaultRow {
  /** `unknown`: the code does not say whether the message has left. */
  readonly fault: SmsFault | 'unknown';
  readonly sentence: string;
  readonly retryAfterMs?: number;
}

/** By the provider's own code. */
export type FaultTable = Readonly<Record<string, FaultRow>>;

export type NotSent = SmsOutcome & { readonly outcome: 'not_sent' };
export type Refusal = Exclude<SmsOutcome, { readonly outcome: 'accepted' }>;

export function notSent(fault: SmsFault, reason: string, retryAfterMs?: number): NotSent {
  return {
    ...{ outcome: 'not_sent', fault, reason },
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  };
}

/** The outcome of a code of the table; undefined where the table lacks it. */
export function byTable(table: FaultTable, code: string, prefix: string): Refusal | undefined {
  const row = entryOf(table, code);
  if (!row) return undefined;
  const reason = `${prefix}_${code}`;
  return row.fault === 'unknown'
    ? { outcome: 'unknown', reason }
    : notSent(row.fault, reason, row.retryAfterMs);
}

/** A class told by words, where a provider has no codes: the first pattern that fits. */
export interface FaultPattern extends FaultRow {
  readonly pattern: RegExp;
  /** Ours, for `reason`. */
  readonly code: string;
}

export function byPattern(
  patterns: readonly FaultPattern[],
  words: string,
  prefix: string,
): Refusal | undefined {
  const found = patterns.find(({ pattern }) => pattern.test(words));
  if (!found) return undefined;
  const reason = `${prefix}_${found.code}`;
  return found.fault === 'unknown'
    ? { outcome: 'unknown', reason }
    : notSent(found.fault, reason, found.retryAfterMs);
}

/** Elsewhere is where the message should have gone: the address in the settings is wrong. (303 says it was carried out.) */
const MOVED = new Set([301, 302, 307, 308]);
const ACCOUNT = new Set([401, 402, 403, 404, 405, 407, 410]);
const RETRY_AFTER_MAX_MS = 3_600_000;

/**
 * What the HTTP status alone says, where the body says nothing. A 5xx may come from somebody in between, after the
 * message was taken: only 503 is a plain “not now”. A success that can't be read may be anything.
 */
export function byHttpStatus(answer: Answer): Refusal {
  const { status } = answer;
  const reason = `http_${status}`;
  if (status === 429) return notSent('throttled', reason, retryAfterMs(answer));
  if (status === 503) return notSent('temporary', reason, retryAfterMs(answer));
  if (ACCOUNT.has(status) || MOVED.has(status)) return notSent('account', reason);
  if (status === 408) return { outcome: 'unknown', reason };
  if (status >= 400 && status < 500) return notSent('message', reason);
  return { outcome: 'unknown', reason: status < 300 ? 'unreadable' : reason };
}

/** RFC 9110 §10.2.3: seconds or a date, which is read by the clock of whoever wrote it. */
export function retryAfterMs({ headers }: Pick<Answer, 'headers'>): number | undefined {
  const text = headers['retry-after'];
  if (text === undefined) return undefined;
  const ms = /^\d+$/.test(text)
    ? Number(text) * 1000
    : Date.parse(text) - Date.parse(headers.date ?? '');
  return Number.isFinite(ms) ? Math.min(Math.max(ms, 0), RETRY_AFTER_MAX_MS) : undefined;
}
