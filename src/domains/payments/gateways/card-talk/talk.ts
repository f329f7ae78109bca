import type { Clock } from '#clock';
import { type CallRequest, createCaller, type Exchange } from '#exchange';
import { isList, type Json } from '#json';
import type { TransactionLogEntry } from '#operators';
import { type Answer, type NotSent, toAnswer, type Unknown, unanswered } from './answer.ts';

/** One request to a gateway. `path` is under its base URL. */
export interface GatewayRequest {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** What a request is about, for the log. */
export interface About {
  readonly kind: TransactionLogEntry['kind'];
  /** `pay_…`; empty where it is about none, such as a list. */
  readonly reference: string;
  readonly amountMinor?: bigint;
  readonly currency?: string;
}

export interface Heard<Result> {
  readonly result: Result;
  readonly entry: TransactionLogEntry;
}

/** The talk with one gateway over HTTP. It never throws for what the outside does, and sends nothing twice. */
export interface CardTalk {
  readonly timeoutMs: number;
  ask<Result extends { readonly outcome: string }>(
    request: GatewayRequest,
    about: About,
    read: (answer: Answer) => Result,
  ): Promise<Heard<Result | NotSent | Unknown>>;
  /** The bare exchange, for a client that brings its own words. */
  exchange(request: GatewayRequest): Promise<Exchange>;
  toEntry(about: About, said: Said): TransactionLogEntry;
  close(): Promise<void>;
}

export interface Said {
  readonly request: GatewayRequest;
  readonly exchange: Exchange;
  readonly answer?: Answer | undefined;
  readonly result: { readonly outcome: string; readonly code?: string; readonly reason?: string };
}

export interface CardTalkOptions {
  readonly name: string;
  readonly clock: Clock;
  readonly baseUrl: string;
  readonly timeoutMs: number;
  readonly connections: number;
  /** The names of the fields of an answer that may be read in the log; all others stay out of it. */
  readonly shown: readonly string[];
  readonly secrets: readonly string[];
}

/** A page of a list is the largest answer. */
const ANSWER_BYTES_MAX = 4_000_000;

export function createCardTalk(options: CardTalkOptions): CardTalk {
  const base = new URL(options.baseUrl);
  const prefix = base.pathname.replace(/\/$/, '');
  const shown = new Set(options.shown);
  const caller = createCaller({
    connections: options.connections,
    answerBytesMax: ANSWER_BYTES_MAX,
  });

  function exchange(request: GatewayRequest): Promise<Exchange> {
    const { timeoutMs } = options;
    const call: CallRequest = { ...request, path: prefix + request.path, timeoutMs };
    return caller.call(base.origin, call);
  }

  function toEntry(about: About, said: Said): TransactionLogEntry {
    const { answer, request, result } = said;
    const { amountMinor, currency, kind, reference } = about;
    const code = result.code ?? result.reason;
    return {
      ...{ at: options.clock.now().toISOString(), operator: options.name, kind, msisdn: '' },
      ...{ reference, decision: result.outcome },
      ...(amountMinor === undefined ? {} : { amount_minor: Number(amountMinor) }),
      ...(currency === undefined ? {} : { currency }),
      ...(code === undefined ? {} : { code: hideSecrets(code, options.secrets) }),
      ...(answer ? { http_status: answer.status } : {}),
      took_ms: said.exchange.tookMs,
      request: `${request.method} ${request.path.split('?')[0]}`,
      response: answer ? hideSecrets(answerInShort(answer, shown), options.secrets) : (code ?? ''),
    };
  }

  return {
    ...{ timeoutMs: options.timeoutMs, exchange, toEntry },
    async ask(request, about, read) {
      const exchanged = await exchange(request);
      const answer = exchanged.outcome === 'answered' ? toAnswer(exchanged) : undefined;
      const result = answer ? read(answer) : unanswered(exchanged);
      return { result, entry: toEntry(about, { request, exchange: exchanged, answer, result }) };
    },
    close: () => caller.close(),
  };
}

const LOG_LETTERS_MAX = 1000;
const BLOT = '•••';
const SECRET_LETTERS_MIN = 4;

/** Only what was understood as JSON is shown, and of that only the fields that can't tell of a card or its holder. */
function answerInShort(answer: Answer, shown: ReadonlySet<string>): string {
  if (answer.json === undefined) return `not JSON, ${answer.body.length} letters`;
  return JSON.stringify(keepShown(answer.json, shown) ?? null).slice(0, LOG_LETTERS_MAX);
}

function keepShown(json: Json | undefined, shown: ReadonlySet<string>): Json | undefined {
  if (typeof json !== 'object' || json === null) return undefined;
  if (isList(json)) return `${json.length} items`;
  const kept: [string, Json][] = [];
  for (const [name, value] of Object.entries(json)) {
    const leaf = typeof value !== 'object' || value === null;
    const told = leaf ? (shown.has(name) ? value : undefined) : keepShown(value, shown);
    if (told !== undefined) kept.push([name, told]);
  }
  return kept.length > 0 ? Object.fromEntries(kept) : undefined;
}

function hideSecrets(text: string, secrets: readonly string[]): string {
  let shown = text;
  for (const secret of secrets) {
    if (secret.length >= SECRET_LETTERS_MIN) shown = shown.replaceAll(secret, BLOT);
  }
  return shown;
}
