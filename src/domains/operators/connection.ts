import { Pool } from 'undici';
import type { Database } from '#database';
import { messageOf } from '#errors';
import type { Log } from '#log';
import type { Metrics } from '#metrics';
import { createBreaker, createThrottle } from '#throttle';
import type { Operator } from './operator.ts';
import { writeBreaker } from './store.ts';

/** What came of one request to the operator. Whether it can have had an effect is the first question. */
export type Exchange =
  | {
      readonly outcome: 'answered';
      readonly status: number;
      readonly body: string;
      readonly tookMs: number;
    }
  /** It certainly never reached the operator. */
  | { readonly outcome: 'not_sent'; readonly reason: string; readonly tookMs: number }
  /** It may have been carried out: no answer, or a torn one. */
  | { readonly outcome: 'unknown'; readonly reason: string; readonly tookMs: number };

export interface OperatorRequest {
  readonly path: string;
  readonly contentType: string;
  readonly body: string;
  /** The caller has taken a grant of the throttle for this request already. */
  readonly granted?: boolean;
  /** It is not sent after this moment of `performance.now()`: its grant came too late, or we slept. */
  readonly beforeMs?: number;
  readonly signal?: AbortSignal;
}

/**
 * The one connection to an operator: charging and sending go through it, so that one rate and one breaker
 * hold for both.
 */
export interface OperatorConnection {
  /** Takes a grant (unless the request has one) and sends. Never throws for the operator's faults. */
  send(request: OperatorRequest): Promise<Exchange>;
  /** Waits for 1 to `most` grants of the operator's rate. */
  take(most: number, signal?: AbortSignal): Promise<number>;
  /** False while the breaker is open: then nothing is to be claimed either. */
  admits(): boolean;
  /** Calls sent by this process. */
  readonly sent: number;
  /** Tells what the database says of the breaker. */
  heardOpen(openMs: number): void;
  close(): Promise<void>;
}

/** More than workers ever have in flight together: what waited in here would go out after its time. */
const CONNECTIONS = 640;
const CONNECT_TIMEOUT_MS = 3000;
/** Answers are a few hundred bytes; one without end must not take our memory. */
const RESPONSE_BYTES_MAX = 1_000_000;
const NEVER_SENT = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
]);

export interface ConnectionOptions {
  readonly database: Database;
  readonly log: Log;
  readonly metrics: Metrics;
  /** The operator as it is now: its address, rate and patience may change while we run. */
  readonly current: () => Operator;
}

export function createConnection(options: ConnectionOptions): OperatorConnection {
  const { current, database, log, metrics } = options;
  const { name } = current();
  const breaker = createBreaker();
  const throttle = createThrottle({
    ...{ database, log, name: `operator:${name}` },
    perSecond: () => current().requestsPerSecond,
  });
  const calls = metrics.counter('kopek_operator_calls_total', 'Calls to operators by result', [
    'operator',
    'result',
  ]);
  const took = metrics.histogram(
    'kopek_operator_call_seconds',
    'Time an operator takes to answer',
    {
      labels: ['operator'],
    },
  );
  let pool: { url: string; pool: Pool } | undefined;
  let sent = 0;

  function poolFor(url: string): Pool {
    if (pool?.url !== url) {
      void pool?.pool.close();
      pool = {
        url,
        pool: new Pool(url, {
          connections: CONNECTIONS,
          connectTimeout: CONNECT_TIMEOUT_MS,
          maxResponseSize: RESPONSE_BYTES_MAX,
        }),
      };
    }
    return pool.pool;
  }

  function judge(exchange: Exchange): Exchange {
    const bad = exchange.outcome !== 'answered' || exchange.status >= 500;
    calls.inc({
      operator: name,
      result: exchange.outcome === 'answered' ? String(exchange.status) : exchange.outcome,
    });
    took.observe({ operator: name }, exchange.tookMs / 1000);
    if (!bad) {
      breaker.succeeded();
      return exchange;
    }
    const untilMs = breaker.failed(performance.now());
    if (untilMs !== undefined) {
      const openMs = untilMs - performance.now();
      log.warn({ operator: name, openMs: Math.round(openMs) }, "the operator's breaker opened");
      void writeBreaker(database.pool, name, openMs).catch(() => {});
    }
    return exchange;
  }

  return {
    take: throttle.take,
    admits: () => breaker.state(performance.now()) !== 'open',
    get sent() {
      return sent;
    },
    heardOpen: (openMs) => {
      if (openMs > 0) breaker.openUntil(performance.now() + openMs);
    },
    async send(request) {
      const refused = { outcome: 'not_sent', reason: 'breaker_open', tookMs: 0 } as const;
      if (breaker.state(performance.now()) === 'open') return refused;
      if (!request.granted) await throttle.take(1, request.signal);
      if (request.beforeMs !== undefined && performance.now() > request.beforeMs) {
        return { outcome: 'not_sent', reason: 'too_late', tookMs: 0 };
      }
      // Asked last, as its one trial has to be made once it is given.
      if (!breaker.admit(performance.now())) return refused;
      const operator = current();
      const beganMs = performance.now();
      sent += 1;
      const exchange = await post(poolFor(operator.baseUrl), request, operator.timeoutMs);
      return judge({ ...exchange, tookMs: Math.round(performance.now() - beganMs) });
    },
    async close() {
      await pool?.pool.destroy();
    },
  };
}

/**
 * Sends once and gathers the answer. On `dispatch` rather than `request`: the answers are a few hundred bytes, and
 * a stream for each would cost as much as the rest of the call.
 */
function post(pool: Pool, request: OperatorRequest, timeoutMs: number): Promise<Exchange> {
  return new Promise((resolve) => {
    let status = 0;
    const chunks: Buffer[] = [];
    pool.dispatch(
      {
        path: request.path,
        method: 'POST',
        headers: { 'content-type': request.contentType },
        body: request.body,
        headersTimeout: timeoutMs,
        bodyTimeout: timeoutMs,
      },
      {
        onRequestStart() {},
        onResponseStart(_controller, statusCode) {
          status = statusCode;
        },
        onResponseData(_controller, chunk) {
          chunks.push(chunk);
        },
        onResponseEnd() {
          const [only] = chunks;
          const body = (chunks.length === 1 && only ? only : Buffer.concat(chunks)).toString(
            'utf8',
          );
          resolve({ outcome: 'answered', status, body, tookMs: 0 });
        },
        onResponseError(_controller, error) {
          const code = (error as { code?: string }).code ?? '';
          const outcome = NEVER_SENT.has(code) ? 'not_sent' : 'unknown';
          resolve({ outcome, reason: code || messageOf(error), tookMs: 0 });
        },
      },
    );
  });
}
