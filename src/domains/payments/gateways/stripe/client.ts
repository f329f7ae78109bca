import { AsyncLocalStorage } from 'node:async_hooks';
import Stripe from 'stripe';
import type { Exchange } from '#exchange';
import type { Json } from '#json';
import type { TransactionLogEntry } from '#operators';
import type { CardAnswer, CardOutcome } from '#payments/card-gateway';
import {
  type About,
  type CardTalk,
  type GatewayRequest,
  refused,
  toAnswer,
  unanswered,
  unknown,
} from '#payments/card-talk';
import { readError } from './outcomes.ts';

interface Heard {
  readonly request: GatewayRequest;
  readonly exchange: Exchange;
}

type Failure = Extract<
  CardOutcome,
  { readonly outcome: 'declined' | 'not_sent' | 'unknown' | 'authentication' }
>;

/** The official client over our own talk. */
export interface StripeTalk {
  readonly stripe: Stripe;
  /** One call of the client, and what it was answered; whatever goes wrong is an outcome. */
  say<Result extends { readonly outcome: string }>(
    about: About,
    call: (stripe: Stripe) => Promise<unknown>,
    read: (json: Json) => Result,
  ): Promise<CardAnswer<Result | Failure>>;
}

/**
 * The client writes the requests; the pool, the limits and the log are ours. Its own HTTP client sends a request a second
 * time when a connection is closed, even with its retries off: ours sends once, and says whether that can have had an effect.
 */
export function createStripeTalk(talk: CardTalk, apiKey: string): StripeTalk {
  const heard = new AsyncLocalStorage<Heard[]>();
  const stripe = new Stripe(apiKey, {
    ...{ httpClient: new PooledClient(talk, heard), maxNetworkRetries: 0, telemetry: false },
    timeout: talk.timeoutMs,
  });

  return {
    stripe,
    async say(about, call, read) {
      const all: Heard[] = [];
      const failed = await heard.run(all, () =>
        call(stripe).then(
          () => false,
          () => true,
        ),
      );
      const last = all.at(-1);
      if (!last) return { result: refused('not_writable'), log: [] };
      const { exchange } = last;
      const answer = exchange.outcome === 'answered' ? toAnswer(exchange) : undefined;
      const result = !answer
        ? unanswered(exchange)
        : failed
          ? readError(answer)
          : answer.json === undefined
            ? unknown('unreadable')
            : read(answer.json);
      const log: TransactionLogEntry[] = [talk.toEntry(about, { ...last, answer, result })];
      return { result, log };
    },
  };
}

class PooledClient extends Stripe.HttpClient {
  readonly #talk: CardTalk;
  readonly #heard: AsyncLocalStorage<Heard[]>;

  constructor(talk: CardTalk, heard: AsyncLocalStorage<Heard[]>) {
    super();
    this.#talk = talk;
    this.#heard = heard;
  }

  override getClientName(): string {
    return 'kopek';
  }

  /** Host, port and protocol are those of the talk. */
  override async makeRequest(
    ...[, , path, method, headers, body]: Parameters<Stripe.HttpClient['makeRequest']>
  ): Promise<Stripe.HttpClientResponse> {
    const request: GatewayRequest = {
      ...{ method: method as GatewayRequest['method'], path, headers: textHeaders(headers) },
      ...(body ? { body } : {}),
    };
    const exchange = await this.#talk.exchange(request);
    this.#heard.getStore()?.push({ request, exchange });
    if (exchange.outcome !== 'answered') throw new Error(exchange.reason);
    return new PooledResponse(exchange);
  }
}

class PooledResponse extends Stripe.HttpClientResponse {
  readonly #body: string;

  constructor({ body, headers, status }: Exchange & { readonly outcome: 'answered' }) {
    super(status, { ...headers });
    this.#body = body;
  }

  /** The client writes its own notes on it. */
  override getRawResponse(): unknown {
    return {};
  }

  override toStream(): never {
    throw new Error('answers come whole');
  }

  override async toJSON(): Promise<unknown> {
    const json: unknown = JSON.parse(this.#body);
    // The client writes on what it is given, and would never answer where it can't.
    if (typeof json !== 'object' || json === null) throw new Error('no object');
    return json;
  }
}

/** `Content-Length` is undici's to write. */
function textHeaders(headers: object): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (name.toLowerCase() !== 'content-length') kept[name] = String(value);
  }
  return kept;
}
