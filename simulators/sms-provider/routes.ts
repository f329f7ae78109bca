import {
  type Fields,
  findRoute,
  json,
  phoneFile,
  type Reply,
  type Route,
  readPathMsisdn,
  seeOther,
} from '#simulators/kit';
import { providerNames, type SmsCentre } from '#simulators/sms-provider/centre';
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
import { chooserPage } from './page.ts';
import { handsetPage, livePage } from './phone-page.ts';
import { showHandset, showHandsets, showLedger, showMessages } from './reads.ts';
import { putSmpp, type SmppControl, showSmpp } from './smpp-control.ts';

export interface Visit {
  readonly centre: SmsCentre;
  readonly smpp: SmppControl;
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly fields: Fields;
  /** A browser that sent a form without its script: it is led back to the page. */
  readonly isForm: boolean;
}

type Handler = (visit: Visit, parameter: string) => Reply | Promise<Reply>;

/** Everything but the contracts. */
const routes: readonly Route<Handler>[] = [
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
  ['GET', /^\/control\/smpp$/, ({ smpp }) => showSmpp(smpp)],
  ['PUT', /^\/control\/smpp$/, ({ fields, smpp }) => putSmpp(smpp, fields)],
  ['GET', /^\/control\/clock$/, ({ centre }) => showClock(centre)],
  ['PUT', /^\/control\/clock$/, ({ centre, fields }) => moveClock(centre, fields)],
  ['POST', /^\/control\/deliver$/, ({ centre }) => deliverNow(centre)],
  ['POST', /^\/control\/reset$/, ({ centre }) => reset(centre)],
  ['GET', /^\/$/, ({ centre, query }) => chooserPage(centre, query.get('msisdn'))],
  ['GET', /^\/(phone\.css|phone\.js)$/, (_visit, name) => phoneFile(name)],
  ['GET', /^\/phones\/([^/]+)$/, ({ centre }, number) => handsetPage(centre, number)],
  [
    'GET',
    /^\/phones\/([^/]+)\/live$/,
    ({ centre, query }, number) => livePage(centre, number, query.get('revision')),
  ],
];

export async function visit(visitor: Visit): Promise<Reply> {
  const { group, handler } = findRoute(routes, visitor.method, visitor.path);
  // Other groups than phone numbers are fixed words.
  const isNumber = /^\/(?:handsets|phones)\//.test(visitor.path);
  return handler(visitor, isNumber ? readPathMsisdn(group) : group);
}

function toPhone({ isForm }: Visit, msisdn: string, reply: Reply): Reply {
  return isForm ? seeOther(`/phones/${msisdn}`) : reply;
}
