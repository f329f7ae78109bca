import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type Fields, Problem, parseFields } from '#simulators/kit';
import {
  actByHand,
  addScenario,
  listScenarios,
  putSettings,
  showBook,
  summarise,
  toCsv,
} from './control.ts';
import type { Erp, Log } from './erp.ts';
import { bookPage, livePage, pageFile, pageHeaders } from './page.ts';

interface Reply {
  readonly status: number;
  readonly type: string;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

interface Visit {
  readonly erp: Erp;
  readonly query: URLSearchParams;
  readonly fields: Fields;
  /** A browser that sent a form without its script: it is led back to the page. */
  readonly isForm: boolean;
}

type Handler = (visit: Visit, parameter: string) => Reply | Promise<Reply>;

const bodyLimitBytes = 64 * 1024;
const html = (body: string): Reply => ({
  ...{ status: 200, type: 'text/html; charset=utf-8', body, headers: pageHeaders },
});
const json = (value: unknown, status = 200): Reply => ({
  ...{ status, type: 'application/json', body: JSON.stringify(value) },
});
const backOr = ({ isForm }: Visit, reply: Reply): Reply =>
  isForm ? { status: 303, type: 'text/plain', body: '', headers: { location: '/' } } : reply;

const routes: readonly (readonly [method: string, path: RegExp, handler: Handler])[] = [
  ['GET', /^\/healthz$/, () => json({ status: 'ok' })],
  ['GET', /^\/$/, ({ erp }) => html(bookPage(erp))],
  ['GET', /^\/live$/, ({ erp, query }) => json(livePage(erp, query.get('revision')))],
  ['GET', /^\/(erp\.css|erp\.js)$/, (_visit, name) => file(name)],
  [
    'GET',
    /^\/book$/,
    ({ erp, query }) => json(query.get('summary') === '1' ? summarise(erp) : showBook(erp, query)),
  ],
  ['GET', /^\/book\.csv$/, ({ erp }) => ({ status: 200, type: 'text/csv', body: toCsv(erp) })],
  ['GET', /^\/scenarios$/, ({ erp }) => json(listScenarios(erp))],
  [
    'POST',
    /^\/scenarios$/,
    (visit) => backOr(visit, json(addScenario(visit.erp, visit.fields), 201)),
  ],
  [
    'DELETE',
    /^\/scenarios$/,
    ({ erp }) => {
      erp.board.clear();
      return json({ scenarios: [] });
    },
  ],
  ['GET', /^\/settings$/, ({ erp }) => json(erp.settings)],
  ['PUT', /^\/settings$/, ({ erp, fields }) => json(putSettings(erp, fields))],
  [
    'POST',
    /^\/payouts\/([\w-]{1,64})\/act$/,
    async (visit, erpId) => backOr(visit, json(await actByHand(visit.erp, erpId, visit.fields))),
  ],
  [
    'POST',
    /^\/reset$/,
    async ({ erp }) => {
      await erp.reset();
      return json({ status: 'reset' });
    },
  ],
];

export function createErpServer(erp: Erp, log: Log): Server {
  return createServer((request, response) => {
    void answer(erp, request)
      .catch((error: unknown) => toReply(error, request, log))
      .then((reply) => write(response, reply));
  });
}

async function answer(erp: Erp, request: IncomingMessage): Promise<Reply> {
  refuseForeignForm(request);
  const url = new URL(request.url ?? '/', 'http://erp');
  const contentType = request.headers['content-type'];
  const fields = parseFields(contentType, await readBody(request));
  const isForm = request.headers.accept?.includes('text/html') === true;
  let isKnown = false;
  for (const [method, pattern, handler] of routes) {
    const match = pattern.exec(url.pathname);
    if (!match) continue;
    isKnown = true;
    if (method !== request.method) continue;
    return handler({ erp, query: url.searchParams, fields, isForm }, match[1] ?? '');
  }
  throw isKnown ? new Problem(405, 'Method not allowed') : new Problem(404, 'Not found');
}

/** Another site's page must not pay or return money through the visitor's browser. */
function refuseForeignForm(request: IncomingMessage): void {
  const site = request.headers['sec-fetch-site'];
  if (request.method === 'GET' || site === undefined) return;
  if (site !== 'same-origin' && site !== 'none') throw new Problem(403, 'A form of another site');
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > bodyLimitBytes) throw new Problem(413, `At most ${bodyLimitBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function file(name: string): Reply {
  const found = pageFile(name);
  if (!found) throw new Problem(404, 'Not found');
  const headers = { 'cache-control': 'no-cache', 'x-content-type-options': 'nosniff' };
  return { status: 200, ...found, headers };
}

function toReply(error: unknown, { url }: IncomingMessage, log: Log): Reply {
  if (error instanceof Problem) {
    const { field, message, status } = error;
    return json(field === undefined ? { error: message } : { error: message, field }, status);
  }
  log('a request failed', { url, reason: String(error) });
  return json({ error: 'Internal error' }, 500);
}

function write(response: ServerResponse, { body, headers = {}, status, type }: Reply): void {
  if (response.destroyed) return;
  response.writeHead(status, {
    ...{ 'content-type': type, 'content-length': Buffer.byteLength(body) },
    ...headers,
  });
  response.end(body);
}
