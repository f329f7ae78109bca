import type { Acquirer } from '#simulators/cloudpayments/acquirer';
import { type Fields, findRoute, json, type Reply, type Route } from '#simulators/kit';
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
    /^\/control\/sites\/([^/]+)$/,
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
];

export async function visit(visitor: Visit): Promise<Reply> {
  const { group, handler } = findRoute(routes, visitor.method, visitor.path);
  return handler(visitor, group);
}

async function reset({ acquirer }: Visit): Promise<Reply> {
  await acquirer.reset();
  return json(200, { status: 'reset' });
}
