import type { Exchange } from '#exchange';
import { type Json, readJson } from '#json';
import type { CardOutcome } from '#payments/card-gateway';

/** What a gateway answered. */
export interface Answer {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Undefined where the body is no JSON. */
  readonly json: Json | undefined;
}

export function toAnswer(exchange: Exchange & { readonly outcome: 'answered' }): Answer {
  const { body, headers, status } = exchange;
  return { status, headers, body, json: readJson(body) };
}

export type NotSent = Extract<CardOutcome, { readonly outcome: 'not_sent' }>;
export type Unknown = Extract<CardOutcome, { readonly outcome: 'unknown' }>;
export type Declined = Extract<CardOutcome, { readonly outcome: 'declined' }>;

export function notSent(reason: string, retryAfterMs?: number): NotSent {
  return { outcome: 'not_sent', reason, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
}

export function unknown(reason: string): Unknown {
  return { outcome: 'unknown', reason };
}

/** What follows from an exchange that brought no answer. */
export function unanswered(exchange: Exchange): NotSent | Unknown {
  if (exchange.outcome === 'not_sent') return notSent(exchange.reason);
  return unknown(exchange.outcome === 'unknown' ? exchange.reason : 'unreadable');
}

/** Who we are, or where we called, is wrong: nothing was carried out, and nothing will be before a person mends it. */
const ACCOUNT = new Set([301, 302, 307, 308, 401, 402, 403, 404, 405, 407, 410]);

/**
 * What the HTTP status alone says, where the body says nothing. Any 5xx may come from somebody in between, after the
 * payment was made: it is asked about, which costs one call, and a second debit costs a customer.
 */
export function byHttpStatus(answer: Answer): NotSent | Unknown | Declined {
  const { status } = answer;
  const reason = `http_${status}`;
  if (status === 429) return notSent('throttled', retryAfterMs(answer));
  if (ACCOUNT.has(status)) return notSent(reason);
  if (status >= 400 && status < 500 && status !== 408) return refused(reason);
  return unknown(status < 300 ? 'unreadable' : reason);
}

/** A request of ours that the gateway would not take. */
export function refused(code: string): Declined {
  return { outcome: 'declined', reason: 'invalid_request', class: 'request', code };
}

const RETRY_AFTER_MAX_MS = 3_600_000;

/** RFC 9110 §10.2.3: seconds or a date, which is read by the clock of whoever wrote it. */
function retryAfterMs({ headers }: Answer): number | undefined {
  const text = headers['retry-after'];
  if (text === undefined) return undefined;
  const ms = /^\d+$/.test(text)
    ? Number(text) * 1000
    : Date.parse(text) - Date.parse(headers.date ?? '');
  return Number.isFinite(ms) ? Math.min(Math.max(ms, 0), RETRY_AFTER_MAX_MS) : undefined;
}
