import type { FastifyReply, FastifyRequest, FastifySchema, HTTPMethods } from 'fastify';
import { type Static, type TSchema, Type } from 'typebox';
import { once, type Principal, requireScope } from '#auth';
import type { Tx } from '#database';
import { must } from '#errors';
import type { HttpApp } from './http-server.ts';
import { PROBLEM_TYPE } from './problem.ts';
import type { SendableOf } from './schemas.ts';

export interface ApiSchema {
  readonly params?: TSchema;
  readonly querystring?: TSchema;
  /** Objects in it take no members but those they name. */
  readonly body?: TSchema;
  readonly response: TSchema;
}

type PartOf<Schema extends ApiSchema, Part extends keyof ApiSchema> = Schema[Part] extends TSchema
  ? Static<Schema[Part]>
  : undefined;

export interface ApiCall<Schema extends ApiSchema> {
  readonly params: PartOf<Schema, 'params'>;
  readonly query: PartOf<Schema, 'querystring'>;
  readonly body: PartOf<Schema, 'body'>;
  readonly principal: Principal;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
}

export interface ApiRoute<Schema extends ApiSchema, Call = ApiCall<Schema>> {
  readonly url: string;
  /** What the caller's key must grant, such as `timeline:read`. */
  readonly scope: string;
  /** The heading under which the reference shows it. */
  readonly tag: string;
  readonly summary: string;
  readonly description?: string;
  readonly schema: Schema;
  /** Of the answer; 200 unless told. */
  readonly status?: number;
  readonly bodyBytesMax?: number;
  readonly handler: (call: Call) => Promise<SendableOf<Schema['response']>>;
}

/** Adds a route of the API: key and scope are judged before the body is read, errors are problem details. */
export function apiRoute<const Schema extends ApiSchema>(
  app: HttpApp,
  route: ApiRoute<Schema> & { readonly method: HTTPMethods },
): void {
  const { status = 200 } = route;
  addRoute(app, {
    ...frameOf(app, route, route.method),
    handler: async (request, reply) => {
      const answer = await route.handler(callOf<Schema>(request, reply));
      if (status !== 200) reply.code(status);
      return answer;
    },
  });
}

export interface IdempotentRoute<Schema extends ApiSchema>
  extends ApiRoute<Schema, ApiCall<Schema> & { readonly tx: Tx }> {
  /**
   * Adds to the answer what only the outside knows: it may call it, since the work has been committed. It is not stored, so it comes
   * again with a repeated request, and must do no harm by that.
   */
  readonly complete?: (
    answer: Static<Schema['response']>,
    call: ApiCall<Schema>,
  ) => Promise<SendableOf<Schema['response']>>;
}

/**
 * Adds a POST that takes effect once per `Idempotency-Key`, which it requires: see `once`. The handler does
 * all of its work in `tx`; its answer is stored with that work, and given again when the request comes again.
 */
export function idempotentRoute<const Schema extends ApiSchema>(
  app: HttpApp,
  route: IdempotentRoute<Schema>,
): void {
  const { complete, status = 200 } = route;
  const { database, clock } = accessOf(app);
  const frame = frameOf(app, route, 'POST');
  addRoute(app, {
    ...frame,
    schema: { ...frame.schema, headers: IdempotencyHeaders },
    handler: async (request, reply) => {
      const call = callOf<Schema>(request, reply);
      const asked = {
        principal: call.principal.id,
        key: String(request.headers['idempotency-key']),
        route: `POST ${request.url}`,
        body: request.body,
        now: clock.now(),
      };
      const answer = await once(database, asked, async (tx) => ({
        status,
        body: await route.handler({ ...call, tx }),
      }));
      reply.code(answer.status);
      return complete ? complete(answer.body as Static<Schema['response']>, call) : answer.body;
    },
  });
}

const IdempotencyHeaders = Type.Object({
  'idempotency-key': Type.String({
    minLength: 1,
    maxLength: 255,
    description:
      'Chosen by you, new for each thing to be done, best a UUID. Sent again with the same body, the same ' +
      'answer comes again and nothing is done twice; with another body it is refused (422).',
  }),
});

const ProblemAnswer = {
  description: 'What went wrong (RFC 9457).',
  content: { [PROBLEM_TYPE]: { schema: { $ref: 'Problem#' } } },
};

type AddedRoute = ReturnType<typeof frameOf> & {
  readonly handler: (request: FastifyRequest, reply: FastifyReply) => Promise<unknown>;
};

/** Types end here: what a handler gets and answers was checked by `ApiRoute`, which Fastify's own can't follow. */
function addRoute(app: HttpApp, route: AddedRoute): void {
  app.route(route as never);
}

function frameOf(app: HttpApp, route: Omit<ApiRoute<ApiSchema>, 'handler'>, method: HTTPMethods) {
  const { keyring } = accessOf(app);
  const { response, ...input } = route.schema;
  const schema: FastifySchema = {
    ...input,
    tags: [route.tag],
    summary: route.summary,
    description: `${route.description ?? ''}\n\nNeeds the scope \`${route.scope}\`.`.trim(),
    security: [{ apiKey: [] }],
    response: { [route.status ?? 200]: response, '4xx': ProblemAnswer, '5xx': ProblemAnswer },
  };
  return {
    method,
    url: route.url,
    schema,
    ...(route.bodyBytesMax === undefined ? {} : { bodyLimit: route.bodyBytesMax }),
    onRequest: async (request: FastifyRequest) => {
      const principal = await keyring.authenticate(request.headers.authorization);
      requireScope(principal, route.scope);
      request.principal = principal;
    },
  };
}

function accessOf(app: HttpApp) {
  must(app.apiAccess, 'a server with API routes is created with `api`');
  return app.apiAccess;
}

function callOf<Schema extends ApiSchema>(
  request: FastifyRequest,
  reply: FastifyReply,
): ApiCall<Schema> {
  const { params, query, body, principal } = request;
  must(principal, 'an API route is called by somebody');
  return { params, query, body, principal, request, reply } as ApiCall<Schema>;
}
