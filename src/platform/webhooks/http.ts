import type { Principal } from '#auth';
import {
  apiRoute,
  type HttpApp,
  Instant,
  PageQuery,
  pageOf,
  pageSchema,
  readCursor,
  Type,
} from '#http';
import type { Webhooks } from './create-webhooks.ts';
import { registerEndpointRoutes } from './http-endpoints.ts';
import * as schemas from './http-schemas.ts';
import type { DeliveryFilter, DeliveryState } from './store-deliveries.ts';

const READ = { scope: 'webhooks:read', tag: 'webhooks' } as const;
const WRITE = { scope: 'webhooks:write', tag: 'webhooks' } as const;
const Params = Type.Object({ id: schemas.Id });
const REPLAY_MOST = 10_000;

export interface WebhookRoutesOptions {
  readonly webhooks: Webhooks;
  /** Whose endpoints a caller keeps: the `scope` of the events that it is to hear. */
  readonly scopeOf: (principal: Principal) => string;
}

/** `/v1/webhooks/endpoints` and `/v1/webhooks/deliveries`. */
export function registerWebhookRoutes(app: HttpApp, options: WebhookRoutesOptions): void {
  registerEndpointRoutes(app, options);
  registerDeliveryRoutes(app, options);
  registerReplayRoutes(app, options);
}

const Filter = {
  endpoint: Type.Optional(schemas.Id),
  state: Type.Optional(schemas.State),
  type: Type.Optional(Type.String({ maxLength: 100 })),
  key: Type.Optional(Type.String({ maxLength: 200 })),
  from: Type.Optional(Instant),
  to: Type.Optional(Instant),
};

interface FilterQuery {
  readonly endpoint?: string;
  readonly state?: DeliveryState;
  readonly type?: string;
  readonly key?: string;
  readonly from?: string;
  readonly to?: string;
}

function registerDeliveryRoutes(app: HttpApp, { scopeOf, webhooks }: WebhookRoutesOptions): void {
  apiRoute(app, {
    ...{ ...READ, method: 'GET', url: '/v1/webhooks/deliveries' },
    summary: 'Deliveries, the newest first',
    schema: {
      querystring: Type.Object({ ...Filter, ...PageQuery.properties }),
      response: pageSchema(schemas.DeliveryAnswer),
    },
    handler: async ({ principal, query: { cursor, limit, ...filter } }) => {
      const rows = await webhooks.deliveries({
        ...filterOf(scopeOf(principal), filter),
        ...(cursor === undefined ? {} : { before: readPlace(cursor) }),
        limit: limit + 1,
      });
      return pageOf(rows, limit, {
        item: schemas.deliveryToApi,
        positionOf: ({ id }) => [schemas.formatDeliveryId(id)],
      });
    },
  });
  apiRoute(app, {
    ...{ ...READ, method: 'GET', url: '/v1/webhooks/deliveries/:id' },
    summary: 'A delivery with its body and its last attempts, the newest first',
    schema: {
      params: Params,
      response: Type.Intersect([
        schemas.DeliveryAnswer,
        Type.Object({ body: Type.String(), log: Type.Array(schemas.AttemptAnswer) }),
      ]),
    },
    handler: async ({ params, principal }) => {
      const ref = { scope: scopeOf(principal), id: schemas.parseDeliveryId(params.id) };
      const { body, log, ...delivery } = await webhooks.delivery(ref);
      return { ...schemas.deliveryToApi(delivery), body, log: log.map(schemas.attemptToApi) };
    },
  });
}

function registerReplayRoutes(app: HttpApp, { scopeOf, webhooks }: WebhookRoutesOptions): void {
  apiRoute(app, {
    ...{ ...WRITE, method: 'POST', url: '/v1/webhooks/deliveries/:id/replay' },
    summary: 'Send a delivery that ended again, under the same webhook-id',
    schema: { params: Params, response: Type.Object({ replayed: Type.Integer() }) },
    handler: async ({ params, principal }) => {
      await webhooks.replay({ scope: scopeOf(principal), id: schemas.parseDeliveryId(params.id) });
      return { replayed: 1 };
    },
  });
  apiRoute(app, {
    ...{ ...WRITE, method: 'POST', url: '/v1/webhooks/deliveries/replay' },
    summary: 'Send deliveries that ended again: all of a time, or the dead ones',
    description:
      `At most ${REPLAY_MOST} at once, the oldest first: ask for the dead ones again until fewer are replayed. ` +
      '`from` and `to` are moments when events were enqueued. Without `state` it is the dead ones.',
    schema: {
      body: Type.Object({
        ...Filter,
        state: Type.Optional(Type.Union([Type.Literal('dead'), Type.Literal('delivered')])),
      }),
      response: Type.Object({ replayed: Type.Integer() }),
    },
    handler: async ({ body, principal }) => {
      const asked = filterOf(scopeOf(principal), { state: 'dead', ...body });
      return { replayed: await webhooks.replayAll({ ...asked, limit: REPLAY_MOST }) };
    },
  });
}

function filterOf(scope: string, query: FilterQuery): DeliveryFilter {
  const { endpoint, from, key, state, to, type } = query;
  return {
    scope,
    ...(endpoint === undefined
      ? {}
      : { endpointId: schemas.parseEndpointId(endpoint, 'endpoint') }),
    ...(state === undefined ? {} : { state }),
    ...(type === undefined ? {} : { type }),
    ...(key === undefined ? {} : { key }),
    ...(from === undefined ? {} : { from: new Date(from) }),
    ...(to === undefined ? {} : { to: new Date(to) }),
  };
}

function readPlace(cursor: string): bigint {
  const [id = ''] = readCursor(cursor, 1);
  return schemas.parseDeliveryId(id);
}
