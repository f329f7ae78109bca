import {
  type Fields,
  findRoute,
  json,
  phoneFile,
  type Reply,
  type Route,
  readMsisdn,
  readPathMsisdn,
  seeOther,
} from '#simulators/kit';
import {
  addScenario,
  clearScenarios,
  forceOutcome,
  listScenarios,
  putCustomer,
  putSettings,
  sendMo,
  showCustomer,
  topUp,
} from './control.ts';
import type { MoPost } from './mo.ts';
import type { Operator } from './operator.ts';
import { chooserPage } from './phone-chooser.ts';
import { customerPage, livePhone } from './phone-page.ts';
import { showCredits, showLedger, showMessages, showMetrics } from './reads.ts';

export interface Visit {
  readonly operator: Operator;
  readonly moPost: MoPost;
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly fields: Fields;
  /** A browser that sent a form: it is led back to a page instead of being shown JSON. */
  readonly isForm: boolean;
}

type Handler = (visit: Visit, parameter: string) => Reply;

/** Everything but `POST /air` and `POST /sms`. */
const routes: readonly Route<Handler>[] = [
  ['GET', /^\/healthz$/, () => json(200, { status: 'ok' })],
  ['GET', /^\/metrics$/, ({ operator, moPost }) => showMetrics(operator, moPost)],
  ['GET', /^\/ledger$/, ({ operator, query }) => showLedger(operator, query)],
  ['GET', /^\/credits$/, ({ operator, query }) => showCredits(operator, query)],
  ['GET', /^\/messages$/, ({ operator, query }) => showMessages(operator, query)],
  [
    'POST',
    /^\/mobilink\/(paid|failed|postpaid)$/,
    ({ operator, query, fields }, name) =>
      forceOutcome(operator, name, { ...Object.fromEntries(query), ...fields }),
  ],
  ['GET', /^\/scenarios$/, ({ operator }) => listScenarios(operator)],
  ['POST', /^\/scenarios$/, ({ operator, fields }) => addScenario(operator, fields)],
  ['DELETE', /^\/scenarios$/, ({ operator }) => clearScenarios(operator)],
  ['GET', /^\/settings$/, ({ operator }) => json(200, operator.settings)],
  ['PUT', /^\/settings$/, ({ operator, fields }) => putSettings(operator, fields)],
  ['POST', /^\/reset$/, reset],
  ['GET', /^\/customers\/([^/]+)$/, ({ operator }, number) => showCustomer(operator, number)],
  [
    'PUT',
    /^\/customers\/([^/]+)$/,
    ({ operator, fields }, number) => putCustomer(operator, number, fields),
  ],
  [
    'POST',
    /^\/customers\/([^/]+)\/topup$/,
    (visit, number) => toPhone(visit, number, topUp(visit.operator, number, visit.fields)),
  ],
  [
    'POST',
    /^\/customers\/([^/]+)\/mo$/,
    (visit, number) => toPhone(visit, number, sendMo(visit, number, visit.fields)),
  ],
  ['GET', /^\/$/, () => seeOther('/sim')],
  ['GET', /^\/(phone\.css|phone\.js)$/, (_visit, name) => phoneFile(name)],
  ['GET', /^\/sim$/, ({ operator, query }) => choosePhone(operator, query)],
  ['GET', /^\/sim\/([^/]+)$/, ({ operator }, number) => customerPage(operator, number)],
  [
    'GET',
    /^\/sim\/([^/]+)\/live$/,
    ({ operator, query }, number) => livePhone(operator, number, query.get('revision')),
  ],
];

export function visit(visitor: Visit): Reply {
  const { group, handler } = findRoute(routes, visitor.method, visitor.path);
  // Other groups than phone numbers are fixed words.
  const isNumber = /^\/(?:customers|sim)\//.test(visitor.path);
  return handler(visitor, isNumber ? readPathMsisdn(group) : group);
}

function choosePhone(operator: Operator, query: URLSearchParams): Reply {
  const wanted = query.get('msisdn');
  if (wanted === null) return chooserPage(operator);
  // People type numbers with spaces and dashes.
  const number = wanted.replaceAll(/[\s()-]/g, '');
  if (!/^\+?\d{5,15}$/.test(number)) return chooserPage(operator, wanted);
  return seeOther(`/sim/${readMsisdn(number, 'msisdn')}`);
}

function reset({ operator, moPost }: Visit): Reply {
  moPost.forgetAll();
  operator.reset();
  return json(200, { status: 'reset' });
}

function toPhone({ isForm }: Visit, msisdn: string, reply: Reply): Reply {
  return isForm ? seeOther(`/sim/${msisdn}`) : reply;
}
