import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Metrics } from '#metrics';

/**
 * Counts and times requests by route and status. The hook is bound to its route when the route is added and
 * keeps its labelled series by status, because looking either up costs more than the counting.
 */
export function measureRoutes(app: FastifyInstance, metrics: Metrics): void {
  const seconds = metrics.histogram('kopek_http_request_seconds', 'Requests answered, by route.', {
    labels: ['method', 'route', 'status'],
  });
  app.addHook('onRoute', (route) => {
    const name = { method: String(route.method), route: route.url };
    const series = new Map<number, { observe(value: number): void }>();
    const measure = (_request: FastifyRequest, reply: FastifyReply, done: () => void): void => {
      let one = series.get(reply.statusCode);
      if (!one) {
        one = seconds.labels({ ...name, status: String(reply.statusCode) });
        series.set(reply.statusCode, one);
      }
      one.observe(reply.elapsedTime / 1000);
      done();
    };
    const given = route.onResponse ?? [];
    route.onResponse = [...(Array.isArray(given) ? given : [given]), measure];
  });
}
