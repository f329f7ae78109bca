import { Agent, type Dispatcher } from 'undici';
import { messageOf } from '#errors';
import type { Answer } from './judge-answer.ts';
import { type AddressGuard, FORBIDDEN_ADDRESS } from './receiver-address.ts';
import { signContent } from './signature.ts';

export interface SendRequest {
  readonly url: string;
  readonly eventId: string;
  readonly body: string;
  /** Each signs, the newest first. */
  readonly secrets: readonly string[];
}

/** Calls receivers; never throws for what the outside does. */
export interface Sender {
  send(request: SendRequest): Promise<Answer>;
  close(): Promise<void>;
}

export interface SenderOptions {
  readonly guard: AddressGuard;
  /** For everything: the connection, the request, and the whole answer. */
  readonly timeoutMs: number;
}

const CONNECT_TIMEOUT_MS = 5000;
/** Of an answer so much is kept, and so much is read before the connection is given up. */
const RESPONSE_BYTES_KEPT = 1024;
const RESPONSE_BYTES_READ_MAX = 64 * 1024;
const HEADER_BYTES_MAX = 16 * 1024;
const KEEP_ALIVE_MS = 10_000;
const RETRY_AFTER = 'retry-after';
const USER_AGENT = 'Kopek-Webhooks/1.0';
const TOO_SLOW = 'timeout';

export function createSender(options: SenderOptions): Sender {
  const { guard, timeoutMs } = options;
  // As many connections to one origin as there are calls: who may be called how often is decided before. No redirect is
  // followed, as whoever answers could name an address that its owner never told us.
  const agent = new Agent({
    connect: { lookup: guard.lookup, timeout: Math.min(CONNECT_TIMEOUT_MS, timeoutMs) },
    ...{ headersTimeout: timeoutMs, bodyTimeout: timeoutMs, maxHeaderSize: HEADER_BYTES_MAX },
    ...{ keepAliveTimeout: KEEP_ALIVE_MS, keepAliveMaxTimeout: KEEP_ALIVE_MS, pipelining: 1 },
  });
  return {
    async send(request) {
      const beganMs = performance.now();
      const url = new URL(request.url);
      const answer = guard.admitsHost(url.hostname)
        ? await post(agent, { url, request, timeoutMs })
        : ({ outcome: 'failed', reason: FORBIDDEN_ADDRESS } as const);
      return { ...answer, tookMs: Math.round(performance.now() - beganMs) };
    },
    close: () => agent.destroy(),
  };
}

interface Post {
  readonly url: URL;
  readonly request: SendRequest;
  readonly timeoutMs: number;
}

type Untimed = Answer extends infer One
  ? One extends Answer
    ? Omit<One, 'tookMs'>
    : never
  : never;

function post(agent: Agent, { url, request, timeoutMs }: Post): Promise<Untimed> {
  return new Promise((resolve) => {
    const handler = createHandler(resolve);
    const timer = setTimeout(() => handler.giveUp(), timeoutMs);
    try {
      agent.dispatch(
        {
          origin: url.origin,
          path: url.pathname + url.search,
          method: 'POST',
          headers: headersOf(request),
          body: request.body,
        },
        handler.of(() => clearTimeout(timer)),
      );
    } catch (error) {
      clearTimeout(timer);
      resolve({ outcome: 'failed', reason: reasonOf(error) });
    }
  });
}

/** The second of the attempt is real time, whatever the clock of the house says: a receiver compares it with its own. */
function headersOf({ body, eventId, secrets }: SendRequest): Record<string, string> {
  const timestamp = Math.floor(Date.now() / 1000);
  return {
    'content-type': 'application/json',
    'user-agent': USER_AGENT,
    'webhook-id': eventId,
    'webhook-timestamp': String(timestamp),
    'webhook-signature': signContent({ id: eventId, timestamp, body }, secrets),
  };
}

/** Gathers the beginning of an answer. Once there is a status it decides, whatever becomes of the body. */
function createHandler(resolve: (answer: Untimed) => void) {
  let controller: Dispatcher.DispatchController | undefined;
  let isOver = false;
  let status = 0;
  let retryAfterMs: number | undefined;
  let read = 0;
  const kept: Buffer[] = [];

  function finish(done: () => void, reason?: string): void {
    if (isOver) return;
    isOver = true;
    done();
    resolve(status === 0 ? { outcome: 'failed', reason: reason ?? 'no_answer' } : answered());
  }

  function answered(): Untimed {
    const response = textOf(Buffer.concat(kept).subarray(0, RESPONSE_BYTES_KEPT));
    const asked = retryAfterMs === undefined ? {} : { retryAfterMs };
    return { outcome: 'answered', status, response, ...asked };
  }

  let finishNow = (reason: string) => finish(() => {}, reason);
  return {
    giveUp() {
      finishNow(TOO_SLOW);
      controller?.abort(new Error(TOO_SLOW));
    },
    of(done: () => void): Dispatcher.DispatchHandler {
      finishNow = (reason) => finish(done, reason);
      return {
        onRequestStart(started) {
          controller = started;
          if (isOver) started.abort(new Error(TOO_SLOW));
        },
        onResponseStart(_controller, statusCode, headers) {
          if (statusCode < 200) return; // only word that more is to come
          status = statusCode;
          retryAfterMs = readRetryAfter(headers[RETRY_AFTER]);
        },
        onResponseData(current, chunk) {
          if (read < RESPONSE_BYTES_KEPT) kept.push(chunk);
          read += chunk.length;
          if (read <= RESPONSE_BYTES_READ_MAX) return;
          finish(done);
          current.abort(new Error('the answer is too long'));
        },
        onResponseEnd: () => finish(done),
        onResponseError: (_controller, error) => finish(done, reasonOf(error)),
      };
    },
  };
}

/** Seconds, or a date (RFC 9110, 10.2.3). */
function readRetryAfter(header: string | string[] | undefined): number | undefined {
  const text = Array.isArray(header) ? header[0] : header;
  if (text === undefined) return undefined;
  const ms = /^[0-9]{1,9}$/.test(text) ? Number(text) * 1000 : Date.parse(text) - Date.now();
  return Number.isNaN(ms) ? undefined : Math.max(0, ms);
}

/** PostgreSQL takes no NUL in a text. */
function textOf(octets: Buffer): string {
  return octets.toString('utf8').replaceAll('\0', '');
}

const REASON_LENGTH_MAX = 60;

function reasonOf(error: unknown): string {
  const code = (error as { code?: unknown }).code;
  const text = typeof code === 'string' && code !== '' ? code : messageOf(error);
  return text
    .replace(/^UND_ERR_/, '')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '_')
    .slice(0, REASON_LENGTH_MAX);
}
