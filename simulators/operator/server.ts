import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { Problem, parseFields } from '#simulators/kit';
import { receiveUcip } from './air.ts';
import { json, type Reply, send } from './exchange.ts';
import type { MoPost } from './mo.ts';
import type { Operator } from './operator.ts';
import { problemPage } from './phone-chooser.ts';
import { visit } from './routes.ts';
import { receiveSms } from './sms.ts';

const bodyLimitBytes = 64 * 1024;
/** Longer than a client's own, so that the client is the one who ends an idle connection. */
const keepAliveTimeoutMs = 65_000;

interface Parties {
  readonly operator: Operator;
  readonly moPost: MoPost;
}

export function createOperatorServer(parties: Parties): Server {
  return createServer({ keepAliveTimeout: keepAliveTimeoutMs }, (request, response) => {
    readBody(request, (body) => handle(parties, { request, response, body }));
  });
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Undefined: longer than the limit. */
  readonly body: string | undefined;
}

function handle(parties: Parties, { request, response, body }: Exchange): void {
  const { operator } = parties;
  try {
    if (body === undefined) throw new Problem(413, `A body has at most ${bodyLimitBytes} bytes`);
    if (request.method === 'POST' && request.url === '/air') {
      receiveUcip(operator, body, response);
      return;
    }
    refuseForeignForm(request);
    if (request.method === 'POST' && request.url === '/sms') {
      const fields = parseFields(request.headers['content-type'], body);
      receiveSms(operator, fields, response);
      return;
    }
    send(operator, response, answerVisit(parties, request, body));
  } catch (error) {
    send(operator, response, toReply(operator, request, error));
  }
}

function answerVisit({ operator, moPost }: Parties, request: IncomingMessage, body: string): Reply {
  const url = new URL(request.url ?? '/', 'http://operator');
  const contentType = request.headers['content-type'];
  const method = request.method === 'HEAD' ? 'GET' : (request.method ?? 'GET');
  return visit({
    operator,
    moPost,
    method,
    path: url.pathname,
    query: url.searchParams,
    fields: parseFields(contentType, body),
    isForm: isForm(contentType) && wantsPage(request),
  });
}

/** Another site's page must not send SMS or change settings through the visitor's browser. */
function refuseForeignForm(request: IncomingMessage): void {
  const site = request.headers['sec-fetch-site'];
  if (request.method === 'GET' || site === undefined) return;
  if (site !== 'same-origin' && site !== 'none') throw new Problem(403, 'A form of another site');
}

function toReply(operator: Operator, request: IncomingMessage, error: unknown): Reply {
  if (!(error instanceof Problem)) {
    operator.log('a request failed', { url: request.url, reason: String(error) });
    return json(500, { error: 'Internal error' });
  }
  const { status, message, field } = error;
  const reply = wantsPage(request)
    ? problemPage(status, message)
    : json(status, field === undefined ? { error: message } : { error: message, field });
  // The rest of a body that is too long is not read; the connection can carry nothing more.
  return status === 413 ? { ...reply, headers: { ...reply.headers, connection: 'close' } } : reply;
}

function wantsPage(request: IncomingMessage): boolean {
  return request.headers.accept?.includes('text/html') === true;
}

function isForm(contentType: string | undefined): boolean {
  return contentType?.startsWith('application/x-www-form-urlencoded') === true;
}

function readBody(request: IncomingMessage, done: (body: string | undefined) => void): void {
  let first: Buffer | undefined;
  let more: Buffer[] | undefined;
  let length = 0;
  request.on('data', (chunk: Buffer) => {
    length += chunk.length;
    if (length > bodyLimitBytes) {
      request.removeAllListeners('data').removeAllListeners('end').resume();
      return done(undefined);
    }
    // Nearly every body is one chunk: no list, no copy.
    if (first === undefined) first = chunk;
    else if (more === undefined) more = [first, chunk];
    else more.push(chunk);
  });
  request.on('end', () => {
    const whole = more === undefined ? first : Buffer.concat(more);
    done(whole === undefined ? '' : whole.toString('utf8'));
  });
}
