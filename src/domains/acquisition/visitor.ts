import type { IncomingHttpHeaders } from 'node:http';
import { AppError } from '#errors';
import type { Operator } from '#operators';
import { readMsisdn } from '#phone';
import type { Locale } from '#subscriptions/speech';

/** Who asks, as the request shows it. */
export interface Visitor {
  /** Of the client itself: what trusted proxies say, else the other end of the connection. */
  readonly address: string;
  /** Only then are headers that a proxy adds the proxy's word, and not the visitor's. */
  readonly throughTrustedProxy: boolean;
  readonly headers: IncomingHttpHeaders;
  readonly query: Readonly<Record<string, unknown>>;
  /** Without the query. */
  readonly path: string;
  /** In which language he is spoken to on a page that is written in `own`. */
  readonly localeOf: (own: Locale) => Locale;
}

export interface Identity {
  readonly source: 'operator_header' | 'query' | 'none';
  /** E.164 with the plus. Only where the source says how it was learned. */
  readonly msisdn?: string;
  /** Why a number that came along was not believed. */
  readonly error?: 'msisdn_invalid' | 'msisdn_foreign' | 'header_untrusted';
}

/** The query parameters of a partner's link; `aff_pr` is an older name of `aff_pub`. */
export interface Attribution {
  readonly affSub?: string;
  readonly affPub?: string;
}

const PARAMETER_LENGTH_MAX = 255;
const HEADER_LENGTH_MAX = 512;
const NUMBER_LENGTH_MAX = 32;

/**
 * Learns the visitor's number: from the operator's header, which counts only when it came through a proxy of
 * ours from the operator's own network, else from the query where this operator's settings allow it. What
 * can't be believed makes the visitor unknown, never an error: the person can still type the number.
 */
export function identifyVisitor(
  visitor: Visitor,
  operator: Operator,
  isOfOperator: (address: string) => boolean,
): Identity {
  const said = operator.msisdnHeader === '' ? undefined : visitor.headers[operator.msisdnHeader];
  const believed = visitor.throughTrustedProxy && isOfOperator(visitor.address);
  const named = believed ? judge(said, 'operator_header', operator) : undefined;
  if (named?.msisdn !== undefined) return named;
  const asked = operator.queryMsisdn ? judge(visitor.query.msisdn, 'query', operator) : undefined;
  if (asked?.msisdn !== undefined) return asked;
  const untrusted = said !== undefined && !believed;
  return (
    named ??
    asked ??
    (untrusted ? { source: 'none', error: 'header_untrusted' } : { source: 'none' })
  );
}

function judge(
  value: unknown,
  source: 'operator_header' | 'query',
  operator: Operator,
): Identity | undefined {
  const text = Array.isArray(value) ? value[0] : value;
  if (typeof text !== 'string' || text === '') return undefined;
  try {
    // In a query a plus is a space: `?msisdn=+92300…` arrives as ` 92300…`.
    return { source, msisdn: readMsisdn(text.slice(0, NUMBER_LENGTH_MAX), operator.plan) };
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return {
      source: 'none',
      error: error.code === 'msisdn_foreign' ? 'msisdn_foreign' : 'msisdn_invalid',
    };
  }
}

export function attributionOf({ query }: Visitor): Attribution {
  const affSub = clip(query.aff_sub, PARAMETER_LENGTH_MAX);
  const affPub = clip(query.aff_pub ?? query.aff_pr, PARAMETER_LENGTH_MAX);
  return { ...(affSub && { affSub }), ...(affPub && { affPub }) };
}

export function userAgentOf({ headers }: Visitor): string | undefined {
  return clip(headers['user-agent'], HEADER_LENGTH_MAX);
}

export function refererOf({ headers }: Visitor): string | undefined {
  return clip(headers.referer, HEADER_LENGTH_MAX);
}

/** What came from outside, as it can be stored: of bounded length, well-formed, without control letters. */
function clip(value: unknown, lengthMax: number): string | undefined {
  const text = Array.isArray(value) ? value[0] : value;
  if (typeof text !== 'string' || text === '') return undefined;
  return text
    .slice(0, lengthMax)
    .toWellFormed()
    .replace(/\p{Cc}/gu, '');
}
