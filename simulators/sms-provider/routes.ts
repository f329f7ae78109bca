import { type Fields, Problem, readMsisdn } from '#simulators/kit';
import { providerNames, type SmsCentre } from '#simulators/sms-provider/centre';
import { json, type Reply } from '#simulators/sms-provider/contracts';
import {
  addScenario,
  deliverNow,
  listScenarios,
  moveClock,
  putSettings,
  reset,
  say,
  showClock,
} from './control.ts';
import { showMetrics, showStats } from './metrics.ts';
import { chooserPage, pageFile } from './page.ts';
import { livePage, phonePage } from './phone-page.ts';
import { showHandset, showHandsets, showLedger, showMessages } from './reads.ts';

export interface Visit {
  readonly centre: SmsCentre;
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly fields: Fields;
  /** A browser that sent a form without its script: it is led back to the page. */
  readonly isForm: boolean;
}

type Handler = (visit: Visit, parameter: string) => Reply | Promise<Reply>;

/** Everything but the contracts. A path's group is the handler's parameter. */
const routes: readonly (readonly [method: string, path: RegExp, handler: Handler])[] = [
  ['GET', /^\/healthz$/, () => json(200, { status: 'ok' })],
  ['GET', /^\/metrics$/, ({ centre }) => showMetrics(centre)],
  ['GET', /^\/stats$/, ({ centre }) => showStats(centre)],
  ['GET', /^\/ledger$/, ({ centre, query }) => showLedger(centre, query)],
  ['GET', /^\/messages$/, ({ centre, query }) => showMessages(centre, query)],
  ['GET', /^\/handsets$/, ({ centre }) => showHandsets(centre)],
  [
    'GET',
    /^\/handsets\/([^/]+)$/,
    ({ centre, query }, number) => showHandset(centre, number, query),
  ],
  [
    'POST',
    /^\/handsets\/([^/]+)\/say$/,
    (visit, number) => toPhone(visit, number, say(visit.centre, number, visit.fields)),
  ],
  ['GET', /^\/control\/scenarios$/, ({ centre }) => listScenarios(centre)],
  ['POST', /^\/control\/scenarios$/, ({ centre, fields }) => addScenario(centre, fields)],
  [
    'DELETE',
    /^\/control\/scenarios$/,
    ({ centre }) => {
      centre.board.clear();
      return json(200, { scenarios: [] });
    },
  ],
  [
    'GET',
    /^\/control\/settings$/,
    ({ centre }) =>
      json(200, Object.fromEntries(providerNames.map((name) => [name, centre.settingsOf(name)]))),
  ],
  ['GET', /^\/control\/settings\/([\w-]+)$/, ({ centre }, name) => putSettings(centre, name, {})],
  [
    'PUT',
    /^\/control\/settings\/([\w-]+)$/,
    ({ centre, fields }, name) => putSettings(centre, name, fields),
  ],
  ['GET', /^\/control\/clock$/, ({ centre }) => showClock(centre)],
  ['PUT', /^\/control\/clock$/, ({ centre, fields }) => moveClock(centre, fields)],
  ['POST', /^\/control\/deliver$/, ({ centre }) => deliverNow(centre)],
  ['POST', /^\/control\/reset$/, ({ centre }) => reset(centre)],
  ['GET', /^\/$/, ({ centre, query }) => chooserPage(centre, query.get('msisdn'))],
  ['GET', /^\/(phone\.css|phone\.js)$/, (_visit, name) => pageFile(name)],
  ['GET', /^\/phones\/([^/]+)$/, ({ centre }, number) => phonePage(centre, number)],
  [
    'GET',
    /^\/phones\/([^/]+)\/live$/,
    ({ centre, query }, number) => livePage(centre, number, query.get('revision')),
  ],
];

export async function visit(visitor: Visit): Promise<Reply> {
  let isKnown = false;
  for (const [method, pattern, handler] of routes) {
    const match = pattern.exec(visitor.path);
    if (!match) continue;
    isKnown = true;
    if (method === visitor.method) return handler(visitor, parameterOf(visitor.path, match[1]));
  }
  throw isKnown ? new Problem(405, 'Method not allowed') : new Problem(404, 'Not found');
}

/** A phone number in a path is read like any other; other groups are fixed words. */
function parameterOf(path: string, group = ''): string {
  return /^\/(?:handsets|phones)\//.test(path) ? readMsisdn(decode(group), 'msisdn') : group;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return '';
  }
}

function toPhone({ isForm }: Visit, msisdn: string, reply: Reply): Reply {
  if (!isForm) return reply;
  return { status: 303, type: 'text/plain', body: '', headers: { location: `/phones/${msisdn}` } };
}
