import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import {
  closeAfterTooLong,
  type Fields,
  isForm,
  json,
  keepAliveTimeoutMs,
  Problem,
  parseFields,
  problemPage,
  problemReply,
  type Reply,
  readBody,
  refuseForeignForm,
  wantsPage,
} from '#simulators/kit';
import { receiveUcip } from './air.ts';
import { send } from './exchange.ts';
import type { MoPost } from './mo.ts';
import type { Operator } from './operator.ts';
import { visit } from './routes.ts';
import { receiveSms } from './sms.ts';

const bodyLimitBytes = 64 * 1024;

interface Parties {
  readonly operator: Operator;
  readonly moPost: MoPost;
}

export function createOperatorServer(parties: Parties): Server {
  return createServer({ keepAliveTimeout: keepAliveTimeoutMs }, (request, response) => {
    readBody(request, bodyLimitBytes, (body) => handle(parties, { request, response, body }));
  });
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Undefined: longer than the limit. */
  readonly body: Buffer | undefined;
}

function handle(parties: Parties, { request, response, body }: Exchange): void {
  const { operator } = parties;
  try {
    if (body === undefined) throw new Problem(413, `A body has at most ${bodyLimitBytes} bytes`);
    if (request.method === 'POST' && request.url === '/air') {
      receiveUcip(operator, body.toString('utf8'), response);
      return;
    }
    refuseForeignForm(request.method, request.headers);
    const fields = parseFields(request.headers['content-type'], body.toString('utf8'));
    if (request.method === 'POST' && request.url === '/sms') {
      receiveSms(operator, fields, response);
      return;
    }
    send(operator, response, answerVisit(parties, request, fields));
  } catch (error) {
    send(operator, response, toReply(operator, request, error));
  }
}

function answerVisit(
  { operator, moPost }: Parties,
  request: IncomingMessage,
  fields: Fields,
): Reply {
  const url = new URL(request.url ?? '/', 'http://operator');
  const { headers, method = 'GET' } = request;
  return visit({
    operator,
    moPost,
    method,
    path: url.pathname,
    query: url.searchParams,
    fields,
    isForm: isForm(headers['content-type']) && wantsPage(headers),
  });
}

function toReply(operator: Operator, request: IncomingMessage, error: unknown): Reply {
  if (!(error instanceof Problem)) {
    operator.log('a request failed', { url: request.url, reason: String(error) });
    return json(500, { error: 'Internal error' });
  }
  return closeAfterTooLong(
    wantsPage(request.headers)
      ? problemPage(error, { chooser: '/sim', title: 'It did not work' })
      : problemReply(error),
  );
}
