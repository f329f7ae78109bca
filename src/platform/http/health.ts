import type { FastifyInstance } from 'fastify';
import { messageOf } from '#errors';
import type { Log } from '#log';
import type { Metrics } from '#metrics';
import { READY_CHECK_TIMEOUT_MS } from './limits.ts';
import { makeProblem } from './problem.ts';
import { sendProblem } from './send-problem.ts';

/** Resolves when the thing it stands for can be worked with; throws when not. */
export type ReadyCheck = () => Promise<unknown>;

export interface HealthOptions {
  readonly log: Log;
  readonly metrics: Metrics | undefined;
  readonly checks: ReadonlyMap<string, ReadyCheck>;
}

/** `/healthz`: restart me when this fails. `/readyz`: send me nothing while this fails. `/metrics`: Prometheus. */
export function addHealthRoutes(
  app: FastifyInstance,
  { log, metrics, checks }: HealthOptions,
): void {
  app.get('/healthz', async () => ({ status: 'alive' }));
  app.get('/readyz', async (request, reply) => {
    const failing = await failingChecks(checks);
    if (failing.length === 0) return { status: 'ready' };
    log.warn({ failing }, 'not ready');
    const names = failing.map(({ name }) => name);
    const detail = `Not ready: ${names.join(', ')}.`;
    const facts = { status: 503, code: 'not_ready', detail, details: { failing: names } };
    sendProblem(reply, makeProblem(facts, request.id), undefined);
    return reply;
  });
  if (!metrics) return;
  app.get('/metrics', async (_request, reply) => {
    reply.header('content-type', metrics.registry.contentType);
    return metrics.registry.metrics();
  });
}

async function failingChecks(checks: ReadonlyMap<string, ReadyCheck>) {
  const results = await Promise.all(
    [...checks].map(async ([name, check]) => {
      const reason = await inTime(check).catch(messageOf);
      return reason === undefined ? [] : [{ name, reason }];
    }),
  );
  return results.flat();
}

async function inTime(check: ReadyCheck): Promise<undefined> {
  const { promise, reject } = Promise.withResolvers<never>();
  const late = new Error(`no answer in ${READY_CHECK_TIMEOUT_MS} ms`);
  const timer = setTimeout(() => reject(late), READY_CHECK_TIMEOUT_MS);
  await Promise.race([check(), promise]).finally(() => clearTimeout(timer));
  return undefined;
}
