import type { FastifyInstance } from 'fastify';
import { makeProblem } from './problem.ts';
import { type ProblemOptions, sendProblem } from './send-problem.ts';

interface KnownRoute {
  readonly pattern: RegExp;
  readonly methods: readonly string[];
}

/**
 * Answers what no route answers: 405 with `Allow` when the path is known under another method, else 404; as a
 * page to whoever asks for HTML. Patterns are searched one by one, which only lost requests pay for.
 */
export function answerUnknownRoutes(app: FastifyInstance, options: ProblemOptions): void {
  const known: KnownRoute[] = [];
  app.addHook('onRoute', ({ url, method }) => {
    known.push({ pattern: patternOf(url), methods: [method].flat() });
  });
  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?', 1)[0] ?? '';
    const allowed = [
      ...new Set(known.flatMap(({ pattern, methods }) => (pattern.test(path) ? methods : []))),
    ].sort();
    if (allowed.length > 0) reply.header('allow', allowed.join(', '));
    const facts =
      allowed.length > 0
        ? {
            status: 405,
            code: 'method_not_allowed',
            detail: `Here only ${allowed.join(', ')} is answered.`,
          }
        : { status: 404, code: 'route_unknown', detail: 'There is nothing at this address.' };
    const asksForPage = request.headers.accept?.includes('text/html') === true;
    const renderPage = asksForPage ? options.renderErrorPage : undefined;
    sendProblem(reply, makeProblem(facts, request.id), renderPage);
  });
}

function patternOf(url: string): RegExp {
  const source = url
    .replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&')
    .replaceAll(/:[^/]+/g, '[^/]+')
    .replaceAll('*', '.*');
  return new RegExp(`^${source.replace(/\/$/, '')}/?$`);
}
