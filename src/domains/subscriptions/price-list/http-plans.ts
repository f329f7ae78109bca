import type { Database } from '#database';
import {
  apiRoute,
  type HttpApp,
  Instant,
  idempotentRoute,
  PageQuery,
  pageOf,
  pageSchema,
  readCursor,
  Type,
} from '#http';
import { type Plan, PlanShape, planToApi } from '#subscriptions/cards';
import {
  NewVersion,
  PLAN_CODE,
  PlanDocument,
  PlanVersionShape,
  planFromApi,
  planVersionToApi,
} from './plan-document.ts';
import type { PlanList } from './plan-list.ts';

export interface PlanRoutesOptions {
  readonly database: Pick<Database, 'pool'>;
  readonly plans: PlanList;
}

const TAG = { tag: 'plans' } as const;
const READ = { ...TAG, scope: 'subscriptions:read' } as const;
const WRITE = { ...TAG, scope: 'subscriptions:admin' } as const;
const Params = Type.Object({ code: Type.String({ pattern: PLAN_CODE }) });

const Listed = Type.Object({ ...PlanShape.properties, open: Type.Boolean() });
const Change = Type.Object({ at: Instant, actor: Type.String(), action: Type.String() });
const Whole = Type.Object({
  ...PlanVersionShape.properties,
  open: Type.Boolean(),
  versions: Type.Array(
    Type.Object({
      version: Type.Integer(),
      created_at: Instant,
      subscribers: Type.Integer({ description: 'who pay it now, or are to pay it' }),
    }),
    { description: 'the newest first' },
  ),
  changes: Type.Array(Change, { description: 'who did what, the newest first' }),
});

/** `/v1/plans`: what is sold by card, its versions, and who changed it. */
export function registerPlanRoutes(app: HttpApp, options: PlanRoutesOptions): void {
  readRoutes(app, options);
  const { plans } = options;
  idempotentRoute(app, {
    ...{ ...WRITE, url: '/v1/plans', status: 201, summary: 'Put a new plan on sale' },
    description: 'It is there at once here, and within a second in all processes.',
    schema: { body: PlanDocument, response: PlanVersionShape },
    handler: async ({ body, principal, tx }) => {
      const { code, ...told } = body;
      const plan = await planFromApi(code, told);
      return planVersionToApi(await plans.add(tx, plan, principal.name));
    },
  });
  idempotentRoute(app, {
    ...{ ...WRITE, url: '/v1/plans/:code/versions', status: 201 },
    summary: 'Sell a plan on other terms from now on',
    description:
      'A version never changes: what is told is the whole of the next one. Whoever is subscribed keeps what he agreed to; ' +
      'the answer says how many do.',
    schema: {
      params: Params,
      body: NewVersion,
      response: Type.Object({
        ...PlanVersionShape.properties,
        subscribers_on_older_versions: Type.Integer(),
      }),
    },
    handler: async ({ body, params: { code }, principal, tx }) => {
      const { version: after, ...told } = body;
      const plan = await planFromApi(code, told);
      const added = await plans.addVersion(tx, plan, { actor: principal.name, after });
      return {
        ...planVersionToApi(added.plan),
        subscribers_on_older_versions: added.subscribersOnOlder,
      };
    },
  });
  for (const action of ['close', 'open'] as const)
    idempotentRoute(app, {
      ...{ ...WRITE, url: `/v1/plans/:code/${action}` },
      summary: action === 'close' ? 'Take a plan off sale' : 'Put a plan on sale again',
      description:
        action === 'close'
          ? 'It takes no new subscriber; whoever is subscribed goes on, at what he agreed to. Harmless when it is repeated.'
          : 'Harmless when it is repeated.',
      schema: { params: Params, response: Listed },
      handler: async ({ params: { code }, principal, tx }) => {
        const by = { isOpen: action === 'open', actor: principal.name };
        return toListed(await plans.setOpen(tx, code, by));
      },
    });
}

function readRoutes(app: HttpApp, { database, plans }: PlanRoutesOptions): void {
  apiRoute(app, {
    ...{ ...READ, method: 'GET', url: '/v1/plans' },
    summary: 'Plans that are paid by card, at the prices of today',
    schema: {
      querystring: Type.Intersect([
        Type.Object({
          closed: Type.Optional(
            Type.Boolean({ description: 'with those that take no new subscriber' }),
          ),
        }),
        PageQuery,
      ]),
      response: pageSchema(Listed),
    },
    handler: async ({ query: { closed = false, cursor, limit } }) => {
      const after = cursor ? (readCursor(cursor, 1)[0] ?? '') : '';
      const all = await plans.all();
      const rows = all.filter(({ code, open }) => code > after && (open || closed));
      return pageOf(rows, limit, { item: toListed, positionOf: ({ code }) => [code] });
    },
  });
  apiRoute(app, {
    ...{ ...READ, method: 'GET', url: '/v1/plans/:code' },
    summary: 'One plan, its versions, and who changed it',
    schema: { params: Params, response: Whole },
    handler: async ({ params: { code } }) => {
      const { changes, newest, versions } = await plans.find(database.pool, code);
      return {
        ...{ ...planVersionToApi(newest), open: newest.open, changes: [...changes] },
        versions: versions.map(({ plan: { price }, subscribers }) => ({
          ...{ version: price.version, created_at: price.effectiveFrom, subscribers },
        })),
      };
    },
  });
}

const toListed = (plan: Plan) => ({ ...planToApi(plan), open: plan.open });
