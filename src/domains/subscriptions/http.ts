import type { Clock } from '#clock';
import {
  AmountMinor,
  apiRoute,
  CurrencyCode,
  type HttpApp,
  Instant,
  idempotentRoute,
  MsisdnText,
  PageQuery,
  pageOf,
  pageSchema,
  readCursor,
  Type,
} from '#http';
import type { Operators } from '#operators';
import { readAnyMsisdn } from '#phone';
import type { Subscriptions, SubscriptionView } from './create-subscriptions.ts';
import { fail } from './errors.ts';
import { parseSubscriptionId } from './subscription.ts';

const Subscription = Type.Object({
  subscription: Type.String({ description: 'sub_…' }),
  msisdn: MsisdnText,
  service: Type.String(),
  title: Type.String(),
  operator: Type.String(),
  status: Type.String(),
  alive: Type.Boolean(),
  price_minor: AmountMinor,
  currency: CurrencyCode,
  period: Type.String({ description: 'daily, weekly, month, three_months, year or 10_days' }),
  created_at: Instant,
  due_at: Type.Optional(Instant),
  paid_until: Type.Optional(Instant),
  ended_at: Type.Optional(Instant),
  end_reason: Type.Optional(Type.String()),
});

const Bill = Type.Object({
  period: Type.Integer({ description: '0 is the first' }),
  amount_minor: AmountMinor,
  currency: CurrencyCode,
  state: Type.String({ description: 'open, paid, void or uncollectible' }),
  reason: Type.Optional(Type.String()),
  attempts: Type.Integer(),
  opened_at: Instant,
  closed_at: Type.Optional(Instant),
});

/** What PostgreSQL can't store: a NUL, and half a surrogate pair. */
const STORABLE = '^[^\\u0000\\ud800-\\udfff]*$';

const Params = Type.Object({ id: Type.String({ maxLength: 60 }) });

export interface SubscriptionRoutesOptions {
  readonly subscriptions: Subscriptions;
  readonly operators: Pick<Operators, 'all'>;
  readonly clock: Clock;
}

/** `/v1/subscriptions`: what a number has, one with its bills, and its end. */
export function registerSubscriptionRoutes(app: HttpApp, options: SubscriptionRoutesOptions): void {
  const { clock, operators, subscriptions } = options;
  apiRoute(app, {
    ...{
      method: 'GET',
      url: '/v1/subscriptions',
      scope: 'subscriptions:read',
      tag: 'subscriptions',
    },
    summary: 'The subscriptions of a number, newest first',
    schema: {
      querystring: Type.Intersect([Type.Object({ msisdn: MsisdnText }), PageQuery]),
      response: pageSchema(Subscription),
    },
    handler: async ({ query }) => {
      const plans = operators.all().map((operator) => operator.plan);
      const msisdn = readAnyMsisdn(query.msisdn, plans);
      const before = query.cursor
        ? parseSubscriptionId(readCursor(query.cursor, 1)[0] ?? '').id
        : null;
      const rows = await subscriptions.of(msisdn, { before, limit: query.limit + 1 });
      return pageOf(rows, query.limit, { item: toApi, positionOf: (row) => [row.subscription] });
    },
  });
  apiRoute(app, {
    ...{
      method: 'GET',
      url: '/v1/subscriptions/:id',
      scope: 'subscriptions:read',
      tag: 'subscriptions',
    },
    summary: 'One subscription with its bills, newest first',
    schema: {
      params: Params,
      response: Type.Intersect([Subscription, Type.Object({ bills: Type.Array(Bill) })]),
    },
    handler: async ({ params }) => {
      const view = await mustFind(subscriptions, params.id);
      const bills = await subscriptions.bills(params.id);
      return { ...toApi(view), bills: bills.map(billToApi) };
    },
  });
  idempotentRoute(app, {
    ...{ url: '/v1/subscriptions/:id/cancel', scope: 'subscriptions:write', tag: 'subscriptions' },
    summary: 'End a subscription now',
    description:
      'Withdraws every charge that was not sent yet. Cancelling an ended one is a conflict.',
    schema: {
      params: Params,
      body: Type.Object({
        reason: Type.Optional(Type.String({ maxLength: 200, pattern: STORABLE })),
      }),
      response: Subscription,
    },
    handler: async ({ body, params, principal, tx }) => {
      const view = await mustFind(subscriptions, params.id);
      if (view.endedAt) throw fail('subscription_ended', `${params.id} has ended: ${view.status}.`);
      const { msisdn, serviceCode } = view;
      const stopped = await subscriptions.stop(tx, {
        ...{ msisdn, serviceCode, channel: 'api', saidAt: clock.now() },
        evidence: `${principal.name}: ${body.reason ?? 'no reason given'}`,
      });
      // Somebody else's STOP was faster.
      if (stopped.cancelled === 0) throw fail('subscription_ended', `${params.id} has just ended.`);
      const { due_at: _, ...ended } = toApi({ ...view, endedAt: stopped.at });
      return { ...ended, status: 'cancelled', alive: false, end_reason: 'stop_by_api' };
    },
  });
}

async function mustFind(subscriptions: Subscriptions, id: string): Promise<SubscriptionView> {
  const view = await subscriptions.find(id);
  if (!view) throw fail('subscription_unknown', `There is no subscription ${id}.`);
  return view;
}

function toApi(view: SubscriptionView) {
  return {
    subscription: view.subscription,
    msisdn: view.msisdn,
    service: view.serviceCode,
    title: view.title,
    operator: view.operator,
    status: view.status,
    alive: view.alive,
    price_minor: view.priceMinor,
    currency: view.currency,
    period: view.period,
    created_at: view.createdAt,
    ...(view.dueAt ? { due_at: view.dueAt } : {}),
    ...(view.paidUntil ? { paid_until: view.paidUntil } : {}),
    ...(view.endedAt ? { ended_at: view.endedAt } : {}),
    ...(view.endReason ? { end_reason: view.endReason } : {}),
  };
}

type BillView = Awaited<ReturnType<Subscriptions['bills']>>[number];

function billToApi(bill: BillView) {
  return {
    period: bill.period,
    amount_minor: bill.amount_minor,
    currency: bill.currency,
    state: bill.state,
    ...(bill.reason ? { reason: bill.reason } : {}),
    attempts: bill.attempts,
    opened_at: bill.opened_at,
    ...(bill.closed_at ? { closed_at: bill.closed_at } : {}),
  };
}
