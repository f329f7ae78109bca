import type { Database } from '#database';
import { createCaller, type Exchange } from '#exchange';
import type { Log } from '#log';
import type { Metrics } from '#metrics';
import { createBreaker, createThrottle } from '#throttle';
import type { Operator } from './operator.ts';
import { writeBreaker } from './store.ts';

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
  const caller = createCaller({ connections: CONNECTIONS });
  let sent = 0;

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
      sent += 1;
      return judge(
        await caller.call(operator.baseUrl, {
          ...{ method: 'POST', path: request.path, body: request.body },
          ...{ headers: { 'content-type': request.contentType }, timeoutMs: operator.timeoutMs },
        }),
      );
    },
    close: caller.close,
  };
}
