import {
  createServer,
  type IncomingHttpHeaders,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { Acquirer } from '#simulators/cloudpayments/acquirer';
import { answerApi, findEndpoint } from '#simulators/cloudpayments/api';
import {
  closeAfterTooLong,
  type Delays,
  isForm,
  json,
  keepAliveTimeoutMs,
  Problem,
  parseFields,
  problemReply,
  type Reply,
  readBody,
  refuseForeignForm,
  wantsPage,
  writeReply,
} from '#simulators/kit';
import { visit } from './routes.ts';

/** Receipts with many lines. */
const bodyLimitBytes = 1024 * 1024;

export interface Parties {
  readonly acquirer: Acquirer;
  readonly delays: Delays;
}

export function createCloudPaymentsServer(parties: Parties): Server {
  return createServer({ keepAliveTimeout: keepAliveTimeoutMs }, (request, response) => {
    readBody(request, bodyLimitBytes, (body) => {
      const target = request.url ?? '/';
      const at = target.indexOf('?');
      const [path, query] = at < 0 ? [target, ''] : [target.slice(0, at), target.slice(at + 1)];
      const { headers, method = 'GET' } = request;
      receive(parties, { response, headers, method, path, query, body });
    });
  });
}

interface Exchange {
  readonly response: ServerResponse;
  readonly headers: IncomingHttpHeaders;
  readonly method: string;
  readonly path: string;
  readonly query: string;
  /** Undefined: longer than the limit. */
  readonly body: Buffer | undefined;
}

function receive({ acquirer, delays }: Parties, exchange: Exchange): void {
  const { body, headers, method, path, response } = exchange;
  const found = findEndpoint(path.slice(1));
  if (found === undefined || body === undefined) {
    void answer(acquirer, exchange);
    return;
  }
  const origin = acquirer.settings.publicUrl || `http://${headers.host ?? 'localhost'}`;
  const call = { acquirer, delays, response, headers, method, path: path.slice(1), body, origin };
  answerApi(call, found);
}

async function answer(acquirer: Acquirer, exchange: Exchange): Promise<void> {
  const reply = await toReply(acquirer, exchange);
  acquirer.store.whenWritten((failure) => {
    writeReply(exchange.response, failure ? json(500, { error: failure.message }) : reply);
  });
}

async function toReply(acquirer: Acquirer, exchange: Exchange): Promise<Reply> {
  const { body, headers, method, path, query } = exchange;
  try {
    if (body === undefined) throw new Problem(413, `A body has at most ${bodyLimitBytes} bytes`);
    // The browser comes to the bank's page from the merchant's, and from there back into the frame.
    if (path !== '/acs' && path !== '/widget/three-d-secure') refuseForeignForm(method, headers);
    const contentType = headers['content-type'];
    return await visit({
      ...{ acquirer, method, path, query: new URLSearchParams(query) },
      fields: parseFields(contentType, body.toString('utf8')),
      isForm: isForm(contentType) && wantsPage(headers),
    });
  } catch (error) {
    if (error instanceof Problem) return closeAfterTooLong(problemReply(error));
    acquirer.log('a request failed', { path, reason: String(error) });
    return json(500, { error: 'Internal error' });
  }
}
