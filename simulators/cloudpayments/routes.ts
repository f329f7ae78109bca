import type { Acquirer } from '#simulators/cloudpayments/acquirer';
import {
  acsPage,
  bundleScript,
  checkoutScript,
  deskFile,
  deskPage,
  linkPage,
  liveDesk,
  payFromWidget,
  returnFromBank,
  widgetFile,
  widgetPage,
} from '#simulators/cloudpayments/pages';
import { type Fields, findRoute, json, type Reply, type Route, seeOther } from '#simulators/kit';
import { makeChargeback } from './chargebacks.ts';
import {
  addScenario,
  clearScenarios,
  listScenarios,
  passTime,
  putSettings,
  putSite,
  resend,
  settle,
  showClock,
  showSites,
} from './control.ts';
import { showMetrics } from './metrics.ts';
import {
  showLedger,
  showNotifications,
  showReceipts,
  showTransaction,
  showTransactions,
} from './reads.ts';

export interface Visit {
  readonly acquirer: Acquirer;
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly fields: Fields;
  /** A browser that sent a form: it is led back to a page instead of being shown JSON. */
  readonly isForm: boolean;
}

type Handler = (visit: Visit, parameter: string) => Reply | Promise<Reply>;

/** Everything but the API that merchants call. */
const routes: readonly Route<Handler>[] = [
  ['GET', /^\/healthz$/, () => json(200, { status: 'ok' })],
  ['GET', /^\/metrics$/, ({ acquirer }) => showMetrics(acquirer)],
  ['GET', /^\/ledger$/, ({ acquirer, query }) => showLedger(acquirer, query)],
  ['GET', /^\/transactions$/, ({ acquirer, query }) => showTransactions(acquirer, query)],
  ['GET', /^\/transactions\/(\d+)$/, ({ acquirer }, id) => showTransaction(acquirer, id)],
  ['GET', /^\/notifications$/, ({ acquirer, query }) => showNotifications(acquirer, query)],
  ['GET', /^\/receipts$/, ({ acquirer }) => showReceipts(acquirer)],
  ['GET', /^\/control\/settings$/, ({ acquirer }) => json(200, acquirer.settings)],
  ['PUT', /^\/control\/settings$/, ({ acquirer, fields }) => putSettings(acquirer, fields)],
  ['GET', /^\/control\/sites$/, ({ acquirer }) => showSites(acquirer)],
  [
    'PUT',
    /^\/control\/sites\/([\w.-]+)$/,
    ({ acquirer, fields }, publicId) => putSite(acquirer, publicId, fields),
  ],
  ['GET', /^\/control\/scenarios$/, ({ acquirer }) => listScenarios(acquirer)],
  ['POST', /^\/control\/scenarios$/, ({ acquirer, fields }) => addScenario(acquirer, fields)],
  ['DELETE', /^\/control\/scenarios$/, ({ acquirer }) => clearScenarios(acquirer)],
  ['GET', /^\/control\/clock$/, ({ acquirer }) => showClock(acquirer)],
  ['POST', /^\/control\/clock$/, ({ acquirer, fields }) => passTime(acquirer, fields)],
  ['POST', /^\/control\/settle$/, ({ acquirer }) => settle(acquirer)],
  ['POST', /^\/control\/chargebacks$/, ({ acquirer, fields }) => makeChargeback(acquirer, fields)],
  ['POST', /^\/control\/notifications\/(\d+)\/resend$/, ({ acquirer }, id) => resend(acquirer, id)],
  ['POST', /^\/control\/reset$/, reset],
  ['GET', /^\/bundles\/cloudpayments(?:\.js)?$/, () => bundleScript],
  ['GET', /^(?:\/bundles)?\/checkout(?:\.js)?$/, () => checkoutScript],
  ['GET', /^\/widget$/, () => widgetPage()],
  ['GET', /^\/(widget\.css|widget\.js)$/, (_visit, name) => widgetFile(name)],
  ['POST', /^\/widget\/pay$/, ({ acquirer, fields }) => payFromWidget(acquirer, fields)],
  [
    'POST',
    /^\/widget\/three-d-secure$/,
    ({ acquirer, fields, query }) => returnFromBank(acquirer, fields, query.get('link')),
  ],
  ['POST', /^\/acs$/, ({ acquirer, fields }) => acsPage(acquirer, fields)],
  ['GET', /^\/d\/([\w-]+)$/, ({ acquirer }, id) => linkPage(acquirer, id)],
  ['GET', /^\/$/, ({ acquirer, query }) => deskPage(acquirer, searchOf(query))],
  [
    'GET',
    /^\/live$/,
    ({ acquirer, query }) =>
      json(200, liveDesk(acquirer, searchOf(query), query.get('revision')), {
        'cache-control': 'no-store',
      }),
  ],
  ['GET', /^\/(desk\.css|desk\.js)$/, (_visit, name) => deskFile(name)],
];

function searchOf(query: URLSearchParams): string {
  return (query.get('q') ?? '').trim().slice(0, 200);
}

export async function visit(visitor: Visit): Promise<Reply> {
  const { group, handler } = findRoute(routes, visitor.method, visitor.path);
  const reply = await handler(visitor, group);
  return visitor.isForm && visitor.path.startsWith('/control/') ? seeOther('/') : reply;
}

async function reset({ acquirer }: Visit): Promise<Reply> {
  await acquirer.reset();
  return json(200, { status: 'reset' });
}
