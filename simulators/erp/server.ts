import { createServer, type IncomingMessage, type Server } from 'node:http';
import {
  closeAfterTooLong,
  type Fields,
  findRoute,
  json,
  Problem,
  parseFields,
  problemReply,
  type Reply,
  type Route,
  readBody,
  refuseForeignForm,
  seeOther,
  wantsPage,
  writeReply,
} from '#simulators/kit';
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
import { bookFile, bookPage, livePage } from './page.ts';

interface Visit {
  readonly erp: Erp;
  readonly query: URLSearchParams;
  readonly fields: Fields;
  /** A browser that sent a form without its script: it is led back to the page. */
  readonly isForm: boolean;
}

type Handler = (visit: Visit, parameter: string) => Reply | Promise<Reply>;

const bodyLimitBytes = 64 * 1024;
const backOr = ({ isForm }: Visit, reply: Reply): Reply => (isForm ? seeOther('/') : reply);

const routes: readonly Route<Handler>[] = [
  ['GET', /^\/healthz$/, () => json(200, { status: 'ok' })],
  ['GET', /^\/$/, ({ erp }) => bookPage(erp)],
  ['GET', /^\/live$/, ({ erp, query }) => json(200, livePage(erp, query.get('revision')))],
  ['GET', /^\/(erp\.css|erp\.js)$/, (_visit, name) => bookFile(name)],
  [
    'GET',
    /^\/book$/,
    ({ erp, query }) =>
      json(200, query.get('summary') === '1' ? summarise(erp) : showBook(erp, query)),
  ],
  ['GET', /^\/book\.csv$/, ({ erp }) => ({ status: 200, type: 'text/csv', body: toCsv(erp) })],
  ['GET', /^\/scenarios$/, ({ erp }) => json(200, listScenarios(erp))],
  [
    'POST',
    /^\/scenarios$/,
    (visit) => backOr(visit, json(201, addScenario(visit.erp, visit.fields))),
  ],
  [
    'DELETE',
    /^\/scenarios$/,
    ({ erp }) => {
      erp.board.clear();
      return json(200, { scenarios: [] });
    },
  ],
  ['GET', /^\/settings$/, ({ erp }) => json(200, erp.settings)],
  ['PUT', /^\/settings$/, ({ erp, fields }) => json(200, putSettings(erp, fields))],
  [
    'POST',
    /^\/payouts\/([\w-]{1,64})\/act$/,
    async (visit, erpId) =>
      backOr(visit, json(200, await actByHand(visit.erp, erpId, visit.fields))),
  ],
  [
    'POST',
    /^\/reset$/,
    async ({ erp }) => {
      await erp.reset();
      return json(200, { status: 'reset' });
    },
  ],
];

export function createErpServer(erp: Erp, log: Log): Server {
  return createServer((request, response) => {
    readBody(request, bodyLimitBytes, (body) => {
      void answer(erp, request, body)
        .catch((error: unknown) => toReply(error, request, log))
        .then((reply) => writeReply(response, reply));
    });
  });
}

async function answer(
  erp: Erp,
  request: IncomingMessage,
  body: Buffer | undefined,
): Promise<Reply> {
  const { headers, method } = request;
  if (body === undefined) throw new Problem(413, `A body has at most ${bodyLimitBytes} bytes`);
  refuseForeignForm(method, headers);
  const url = new URL(request.url ?? '/', 'http://erp');
  const fields = parseFields(headers['content-type'], body.toString('utf8'));
  const { group, handler } = findRoute(routes, method, url.pathname);
  return handler({ erp, query: url.searchParams, fields, isForm: wantsPage(headers) }, group);
}

function toReply(error: unknown, { url }: IncomingMessage, log: Log): Reply {
  if (error instanceof Problem) return closeAfterTooLong(problemReply(error));
  log('a request failed', { url, reason: String(error) });
  return json(500, { error: 'Internal error' });
}
