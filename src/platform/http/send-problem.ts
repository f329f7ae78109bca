import type { FastifyReply, FastifyRequest } from 'fastify';
import { AppError, ERROR_KINDS } from '#errors';
import type { Log } from '#log';
import { type Page, sendPage } from './page.ts';
import { PROBLEM_TYPE, type Problem, problemOf } from './problem.ts';

/** A page for a person to whom something went wrong; the request may tell in which language. */
export type ErrorPage = (problem: Problem, request: FastifyRequest) => Page;

export interface ProblemOptions {
  readonly log: Log;
  readonly renderErrorPage: ErrorPage;
}

/** Answers any error: a page where people look, problem details elsewhere; and says it in the log. */
export function createErrorHandler(options: ProblemOptions) {
  return (error: unknown, request: FastifyRequest, reply: FastifyReply): void => {
    const problem = problemOf(error, request.id);
    logProblem(options.log, { error, problem, request });
    const isPage = request.routeOptions.config.page === true;
    sendProblem(reply, problem, isPage ? options.renderErrorPage : undefined);
  };
}

/** With a page the problem is rendered for a person, else it is sent as problem details. */
export function sendProblem(
  reply: FastifyReply,
  problem: Problem,
  renderPage: ErrorPage | undefined,
): void {
  if (problem.status === 401) reply.header('www-authenticate', 'Bearer');
  const retryAfter = problem.details?.retryAfterSeconds;
  if (typeof retryAfter === 'number') reply.header('retry-after', retryAfter);
  if (renderPage) sendPage(reply, renderPage(problem, reply.request), problem.status);
  else {
    const text = JSON.stringify(problem, (_name, value) =>
      typeof value === 'bigint' ? String(value) : value,
    );
    // Sent as bytes: a serializer made for the route's own answers has no say then, nor is a charset added.
    reply.code(problem.status).header('content-type', PROBLEM_TYPE).send(Buffer.from(text));
  }
}

/** The route's pattern is logged and not the URL, in which phone numbers and tokens may stand. */
function logProblem(
  log: Log,
  of: { readonly error: unknown; readonly problem: Problem; readonly request: FastifyRequest },
): void {
  const { error, problem, request } = of;
  const facts = {
    requestId: request.id,
    method: request.method,
    route: request.routeOptions.url,
    status: problem.status,
    code: problem.code,
  };
  if (problem.status < 500) log.info(facts, 'request refused');
  else log[levelOf(error)]({ ...facts, err: error }, 'request failed');
}

function levelOf(error: unknown): 'info' | 'warn' | 'error' {
  return error instanceof AppError ? ERROR_KINDS[error.kind].level : 'error';
}
