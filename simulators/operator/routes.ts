import { type Fields, Problem, readMsisdn } from '#simulators/kit';
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
import { json, type Reply } from './exchange.ts';
import type { MoPost } from './mo.ts';
import type { Operator } from './operator.ts';
import { phoneAsset } from './phone-assets.ts';
import { chooserPage } from './phone-chooser.ts';
import { livePhone, phonePage } from './phone-page.ts';
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
type Route = readonly [method: string, path: RegExp, handler: Handler];

/** Everything but `POST /air` and `POST /sms`. A path's group is the handler's parameter. */
const routes: readonly Route[] = [
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
  ['GET', /^\/(phone\.css|phone\.js)$/, (_visit, name) => phoneAsset(name)],
  ['GET', /^\/sim$/, ({ operator, query }) => choosePhone(operator, query)],
  ['GET', /^\/sim\/([^/]+)$/, ({ operator }, number) => phonePage(operator, number)],
  [
    'GET',
    /^\/sim\/([^/]+)\/live$/,
    ({ operator, query }, number) => livePhone(operator, number, query.get('revision')),
  ],
];

export function visit(visitor: Visit): Reply {
  let pathIsKnown = false;
  for (const [method, pattern, handler] of routes) {
    const match = pattern.exec(visitor.path);
    if (match === null) continue;
    pathIsKnown = true;
    if (method === visitor.method) return handler(visitor, parameterOf(visitor.path, match[1]));
  }
  throw pathIsKnown ? new Problem(405, 'Method not allowed') : new Problem(404, 'Not found');
}

/** A phone number in a path is read like any other; other groups are fixed words. */
function parameterOf(path: string, group = ''): string {
  const isNumber = path.startsWith('/customers/') || path.startsWith('/sim/');
  return isNumber ? readMsisdn(decode(group), 'msisdn') : group;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return '';
  }
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

function seeOther(location: string): Reply {
  return { status: 303, contentType: 'text/plain', body: '', headers: { location } };
}
