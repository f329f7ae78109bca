import { type Dispatcher, Pool } from 'undici';
import { messageOf } from '#errors';
import type { Exchange } from './exchange.ts';

export interface CallRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Begins with a slash; the query is part of it. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** From the moment of the call to the last letter of the answer. */
  readonly timeoutMs: number;
}

/** Calls over one pool of connections to one place at a time. Nothing is ever sent a second time in here. */
export interface Caller {
  /** Never throws for the other end's faults. `origin` is scheme, host and port; it may change from call to call. */
  call(origin: string, request: CallRequest): Promise<Exchange>;
  close(): Promise<void>;
}

export interface CallerOptions {
  readonly connections: number;
  readonly connectTimeoutMs?: number;
  readonly answerBytesMax?: number;
}

const CONNECT_TIMEOUT_MS = 3000;
/** Answers are a few hundred bytes; one without end must not take our memory. */
const ANSWER_BYTES_MAX = 1_000_000;
/** Errors before a connection stands. Others say the same by coming before the request was begun. */
const NEVER_SENT = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
]);

export function createCaller(options: CallerOptions): Caller {
  let pool: { origin: string; pool: Pool } | undefined;

  function poolFor(origin: string): Pool {
    if (pool?.origin !== origin) {
      void pool?.pool.close();
      pool = {
        origin,
        pool: new Pool(origin, {
          connections: options.connections,
          connectTimeout: options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS,
          maxResponseSize: options.answerBytesMax ?? ANSWER_BYTES_MAX,
        }),
      };
    }
    return pool.pool;
  }

  return {
    call: (origin, request) =>
      new Promise((resolve) => new Call(request, resolve).begin(poolFor(origin))),
    close: async () => pool?.pool.destroy(),
  };
}

/**
 * One request and the gathering of its answer. On `dispatch` rather than `request`: the answers are a few hundred
 * bytes, and a stream for each would cost as much as the rest of the call.
 */
class Call implements Dispatcher.DispatchHandler {
  readonly #request: CallRequest;
  readonly #resolve: (exchange: Exchange) => void;
  readonly #beganMs = performance.now();
  readonly #chunks: Buffer[] = [];
  readonly #timer: NodeJS.Timeout;
  #controller: Dispatcher.DispatchController | undefined;
  #late = false;
  #status = 0;
  #headers: Readonly<Record<string, string>> = {};

  constructor(request: CallRequest, resolve: (exchange: Exchange) => void) {
    this.#request = request;
    this.#resolve = resolve;
    this.#timer = setTimeout(() => this.#runLate(), request.timeoutMs);
  }

  begin(pool: Pool): void {
    const { body, headers, method, path } = this.#request;
    // Its own limits start anew with each piece of an answer: ours is the only one that counts.
    const given = { path, method, headers: { ...headers }, headersTimeout: 0, bodyTimeout: 0 };
    pool.dispatch(body === undefined ? given : { ...given, body }, this);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    // Aborted before its first byte is written.
    if (this.#late) controller.abort(new Error('late'));
    else this.#controller = controller;
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
  ): void {
    this.#status = status;
    const read: Record<string, string> = {};
    for (const name in headers) {
      const value = headers[name];
      const last = Array.isArray(value) ? value.at(-1) : value;
      if (last !== undefined) read[name] = last;
    }
    this.#headers = read;
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#chunks.push(chunk);
  }

  onResponseEnd(): void {
    const [only] = this.#chunks;
    const whole = this.#chunks.length === 1 && only ? only : Buffer.concat(this.#chunks);
    this.#end({
      ...{ outcome: 'answered', status: this.#status, headers: this.#headers },
      ...{ body: whole.toString('utf8'), tookMs: this.#tookMs() },
    });
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    const code = (error as { code?: string }).code ?? '';
    const begun = this.#controller !== undefined && !NEVER_SENT.has(code);
    this.#end({
      outcome: begun ? 'unknown' : 'not_sent',
      reason: code || messageOf(error),
      tookMs: this.#tookMs(),
    });
  }

  #runLate(): void {
    this.#late = true;
    const controller = this.#controller;
    if (!controller) {
      // It still waits for a connection, and is dropped when it gets one.
      this.#end({ outcome: 'not_sent', reason: 'no_connection', tookMs: this.#tookMs() });
      return;
    }
    // An answer that lies in the socket already, because our own loop was late, is read before this.
    setImmediate(() => {
      this.#end({ outcome: 'unknown', reason: 'timeout', tookMs: this.#tookMs() });
      controller.abort(new Error('timeout'));
    });
  }

  #tookMs(): number {
    return Math.round(performance.now() - this.#beganMs);
  }

  /** What comes after the first ending is not heard: a promise resolves once. */
  #end(exchange: Exchange): void {
    clearTimeout(this.#timer);
    this.#resolve(exchange);
  }
}
