import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { Problem, parseFields } from './fields.ts';
import type { GatewaySimulator, LineSettings } from './gateway.ts';
import {
  type ApiCall,
  answerWhenWritten,
  CallDesk,
  type GatewayCall,
  type GatewayRoute,
  Refusal,
} from './gateway-call.ts';
import { controlRoutes } from './gateway-control.ts';
import { json, problemReply, type Reply, seeOther } from './reply.ts';
import { closeAfterTooLong, readBody, refuseForeignForm, wantsPage } from './request.ts';
import { findRoute } from './routes.ts';
import { keepAliveTimeoutMs } from './served.ts';

export interface GatewayServerOptions<Settings extends LineSettings> {
  readonly gateway: GatewaySimulator<Settings>;
  /** Undefined: not of its own interface. Throws a `Refusal` for what is refused at the door. */
  readonly api: (call: GatewayCall) => ApiCall | undefined;
  /** Beside the controls that all have. */
  readonly routes: readonly GatewayRoute[];
}

const bodyLimitBytes = 256 * 1024;

/** A gateway's interface, its pages and its controls on one port. */
export function createGatewayServer<Settings extends LineSettings>(
  options: GatewayServerOptions<Settings>,
): Server {
  const { gateway } = options;
  const desk = new CallDesk(gateway);
  const routes = [...options.routes, ...controlRoutes(gateway)];
  return createServer({ keepAliveTimeout: keepAliveTimeoutMs }, (request, response) => {
    readBody(request, bodyLimitBytes, (body) => {
      try {
        const call = toCall(request, body);
        const apiCall = options.api(call);
        if (apiCall) {
          desk.take(apiCall, response);
          return;
        }
        void visit(routes, call, request)
          .catch((error: unknown) => toReply(error, call, gateway))
          .then((reply) => answerWhenWritten(gateway, response, reply));
      } catch (error) {
        refuse(error, { gateway, request, response });
      }
    });
  });
}

function toCall(request: IncomingMessage, body: Buffer | undefined): GatewayCall {
  if (body === undefined) throw new Problem(413, `A body has at most ${bodyLimitBytes} bytes`);
  const target = request.url ?? '/';
  const at = target.indexOf('?');
  const [path, query] = at < 0 ? [target, ''] : [target.slice(0, at), target.slice(at + 1)];
  const { headers, method = 'GET' } = request;
  return { method, path, query: new URLSearchParams(query), headers, body };
}

async function visit(
  routes: readonly GatewayRoute[],
  call: GatewayCall,
  request: IncomingMessage,
): Promise<Reply> {
  refuseForeignForm(call.method, call.headers);
  const fields = parseFields(call.headers['content-type'], call.body.toString('utf8'));
  const { group, handler } = findRoute(routes, call.method, call.path);
  const origin = `http://${request.headers.host ?? 'localhost'}`;
  const reply = await handler({ ...call, fields, group, origin });
  // A browser that sent a form is led back to the page; what a person may see instead says where to itself.
  const isForm = call.method === 'POST' && wantsPage(call.headers);
  const isJson = reply.type.startsWith('application/json') && reply.status < 300;
  return isForm && isJson ? seeOther('/') : reply;
}

interface Refused<Settings extends LineSettings> {
  readonly gateway: GatewaySimulator<Settings>;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

function refuse<Settings extends LineSettings>(error: unknown, refused: Refused<Settings>): void {
  const { gateway, request, response } = refused;
  gateway.count('refused', error instanceof Refusal ? error.reply.status : 400);
  const reply = toReply(error, { path: request.url ?? '/' }, gateway);
  answerWhenWritten(gateway, response, reply);
}

function toReply<Settings extends LineSettings>(
  error: unknown,
  { path }: { readonly path: string },
  { log }: GatewaySimulator<Settings>,
): Reply {
  if (error instanceof Refusal) return error.reply;
  if (error instanceof Problem) return closeAfterTooLong(problemReply(error));
  log('a request failed', { path, reason: error instanceof Error ? error.stack : String(error) });
  return json(500, { error: 'Internal error' });
}
