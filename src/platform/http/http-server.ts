import { STATUS_CODES } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import fastify, { type FastifyInstance } from 'fastify';
import type { Keyring, Principal } from '#auth';
import type { Clock } from '#clock';
import type { Database } from '#database';
import { AppError } from '#errors';
import type { Log } from '#log';
import type { Metrics } from '#metrics';
import { type AddressMatcher, createAddressMatcher } from './address.ts';
import { acceptForms } from './form-body.ts';
import { addHealthRoutes, type ReadyCheck } from './health.ts';
import * as limits from './limits.ts';
import { measureRoutes } from './measure.ts';
import { plainErrorPage } from './page.ts';
import { makeProblem, PROBLEM_TYPE, ProblemSchema } from './problem.ts';
import { addReference, type ReferenceInfo } from './reference.ts';
import { CORRELATOR_HEADER, requestIdOf } from './request-id.ts';
import { createErrorHandler, type ErrorPage } from './send-problem.ts';
import { answerUnknownRoutes } from './unknown-route.ts';
import { buildValidator, closeObjects, invalidRequest } from './validation.ts';

export type HttpApp = ReturnType<typeof createApp>;

/** What API routes need; a server without it has pages only. */
export interface ApiAccess {
  readonly keyring: Keyring;
  readonly database: Database;
  readonly clock: Clock;
}

export interface HttpServerOptions {
  readonly log: Log;
  readonly metrics?: Metrics;
  readonly api?: ApiAccess;
  /** Addresses and CIDR blocks whose forwarded addresses are believed; none unless told. */
  readonly trustedProxies?: readonly string[];
  readonly checks?: Readonly<Record<string, ReadyCheck>>;
  /** Given, `/openapi.json` and `/docs` are there. */
  readonly reference?: ReferenceInfo;
  readonly renderErrorPage?: ErrorPage;
  readonly bodyBytesMax?: number;
  /** How long `close` waits for clients before it cuts them off; 3.5 s unless told. */
  readonly closePatienceMs?: number;
}

export interface HttpServer {
  readonly app: HttpApp;
  addReadyCheck(name: string, check: ReadyCheck): void;
  /** Port 0 takes a free one; the answer tells which. Throws `port_in_use`. */
  listen(port: number, host: string): Promise<{ readonly port: number; readonly url: string }>;
  /** Answers what is in work, takes nothing new, and is done within four seconds whatever clients do. */
  close(): Promise<void>;
}

declare module 'fastify' {
  interface FastifyInstance {
    trustedProxies: AddressMatcher;
    apiAccess: ApiAccess | undefined;
  }
  interface FastifyRequest {
    /** Who calls; set on API routes before anything else runs. */
    principal: Principal | undefined;
  }
  interface FastifyContextConfig {
    /** A route for people: its errors are pages, and it takes form bodies. */
    page?: boolean;
  }
}

/** A server with the house's manners and no routes but its own; add routes to `app` before `listen`. */
export async function createHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const { log, metrics, renderErrorPage = plainErrorPage } = options;
  const checks = new Map(Object.entries(options.checks ?? {}));
  const app = createApp(options);
  app.decorate('trustedProxies', createAddressMatcher(options.trustedProxies ?? []));
  app.decorate('apiAccess', options.api);
  app.decorateRequest('principal', undefined);
  app.addSchema(ProblemSchema);
  app.setErrorHandler(createErrorHandler({ log, renderErrorPage }));
  app.removeContentTypeParser('text/plain');
  acceptForms(app);
  app.addHook('onRequest', (request, reply, done) => {
    reply.header(CORRELATOR_HEADER, request.id);
    done();
  });
  // Bodies are closed where routes are added, so that the reference shows what the validator does.
  app.addHook('onRoute', (route) => {
    if (route.schema?.body)
      route.schema = { ...route.schema, body: closeObjects(route.schema.body) };
  });
  closeGracefully(app);
  answerUnknownRoutes(app, { log, renderErrorPage });
  if (metrics) measureRoutes(app, metrics);
  if (options.reference) await addReference(app, options.reference);
  addHealthRoutes(app, { log, metrics, checks });
  return {
    app,
    addReadyCheck: (name, check) => void checks.set(name, check),
    listen: (port, host) => listen(app, port, host),
    close: () => close(app, options.closePatienceMs ?? limits.CLOSE_PATIENCE_MS),
  };
}

function createApp(options: HttpServerOptions) {
  const trusted = createAddressMatcher(options.trustedProxies ?? []);
  const app = fastify({
    logger: false, // a logger made for each request costs more than the request; ours is used where needed
    genReqId: requestIdOf,
    bodyLimit: options.bodyBytesMax ?? limits.BODY_BYTES_MAX,
    requestTimeout: limits.REQUEST_TIMEOUT_MS,
    keepAliveTimeout: limits.KEEP_ALIVE_TIMEOUT_MS,
    forceCloseConnections: 'idle',
    trustProxy: options.trustedProxies?.length ? (address: string) => trusted(address) : false,
    http: { maxHeaderSize: limits.HEADER_BYTES_MAX, headersTimeout: limits.HEADERS_TIMEOUT_MS },
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: limits.PATH_PART_LENGTH_MAX },
    schemaController: { compilersFactory: { buildValidator: buildValidator as never } },
    schemaErrorFormatter: (errors, part) => invalidRequest(errors as never, part),
    clientErrorHandler: answerBrokenRequest,
    frameworkErrors: (error, request, reply) => {
      createErrorHandler({ log: options.log, renderErrorPage: plainErrorPage })(
        error,
        request,
        reply as never,
      );
    },
  });
  app.server.maxConnections = limits.CONNECTIONS_MAX;
  return app.withTypeProvider<TypeBoxTypeProvider>();
}

/**
 * A connection that is kept alive would keep `close` waiting: every answer given while closing ends its own.
 * (Fastify closes those that are idle at that moment, and none that become idle after it.)
 */
function closeGracefully(app: FastifyInstance): void {
  let closing = false;
  app.addHook('preClose', (done) => {
    closing = true;
    done();
  });
  app.addHook('onSend', (_request, reply, payload, done) => {
    if (closing) reply.header('connection', 'close');
    done(null, payload);
  });
}

async function listen(app: FastifyInstance, port: number, host: string) {
  try {
    await app.listen({ port, host });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    throw new AppError('unavailable', 'port_in_use', `Port ${port} is in use by another process.`, {
      cause: error,
    });
  }
  const taken = (app.server.address() as AddressInfo).port;
  return { port: taken, url: `http://${host.includes(':') ? `[${host}]` : host}:${taken}` };
}

async function close(app: FastifyInstance, patienceMs: number): Promise<void> {
  const timer = setTimeout(() => app.server.closeAllConnections(), patienceMs);
  await app.close().finally(() => clearTimeout(timer));
}

const BROKEN_REQUESTS: Readonly<Record<string, number>> = {
  ERR_HTTP_REQUEST_TIMEOUT: 408,
  HPE_HEADER_OVERFLOW: 431,
};

/** What is not HTTP never becomes a request, so it is answered on the bare socket. */
function answerBrokenRequest(error: { readonly code: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) return;
  const status = BROKEN_REQUESTS[error.code] ?? 400;
  const detail = 'This is not a well-formed HTTP request, or it took too long.';
  const body = JSON.stringify(makeProblem({ status, code: 'request_malformed', detail }, ''));
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\ncontent-type: ${PROBLEM_TYPE}\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  );
}
