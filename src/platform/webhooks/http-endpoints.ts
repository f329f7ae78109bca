import { apiRoute, type HttpApp, PageQuery, pageOf, pageSchema, readCursor, Type } from '#http';
import type { WebhookRoutesOptions } from './http.ts';
import * as schemas from './http-schemas.ts';

const READ = { scope: 'webhooks:read', tag: 'webhooks' } as const;
const WRITE = { scope: 'webhooks:write', tag: 'webhooks' } as const;
const Params = Type.Object({ id: schemas.Id });
const HOUR_MS = 3_600_000;
const OVERLAP_HOURS = 24;
const OVERLAP_HOURS_MAX = 24 * 30;

/** Endpoints: who hears of what. */
export function registerEndpointRoutes(app: HttpApp, options: WebhookRoutesOptions): void {
  registerReads(app, options);
  registerCreation(app, options);
  registerChanges(app, options);
  registerActions(app, options);
}

function registerReads(app: HttpApp, { scopeOf, webhooks }: WebhookRoutesOptions): void {
  apiRoute(app, {
    ...{ ...READ, method: 'GET', url: '/v1/webhooks/endpoints' },
    summary: 'Endpoints, in the order in which they were made',
    schema: { querystring: PageQuery, response: pageSchema(schemas.EndpointAnswer) },
    handler: async ({ principal, query: { cursor, limit } }) => {
      const rows = await webhooks.endpoints({
        scope: scopeOf(principal),
        ...(cursor === undefined ? {} : { after: readPlace(cursor) }),
        limit: limit + 1,
      });
      const positionOf = ({ id }: { readonly id: bigint }) => [schemas.formatEndpointId(id)];
      return pageOf(rows, limit, { item: schemas.endpointToApi, positionOf });
    },
  });
  apiRoute(app, {
    ...{ ...READ, method: 'GET', url: '/v1/webhooks/endpoints/:id' },
    summary: 'An endpoint',
    schema: { params: Params, response: schemas.EndpointAnswer },
    handler: async ({ params, principal }) => {
      const ref = { scope: scopeOf(principal), id: schemas.parseEndpointId(params.id) };
      return schemas.endpointToApi(await webhooks.endpoint(ref));
    },
  });
}

function registerCreation(app: HttpApp, { scopeOf, webhooks }: WebhookRoutesOptions): void {
  apiRoute(app, {
    ...{ ...WRITE, method: 'POST', url: '/v1/webhooks/endpoints', status: 201 },
    summary: 'Make an endpoint, and see its secret',
    description:
      'What is sent is signed by the Standard Webhooks specification. The secret is shown here and never again. ' +
      'Addresses that are not public are not called, unless the settings allow them.',
    schema: {
      body: Type.Object({
        url: schemas.Url,
        event_types: Type.Optional(schemas.EventTypes),
        description: Type.Optional(schemas.Description),
        kind: Type.Optional(schemas.Kind),
      }),
      response: Type.Intersect([schemas.EndpointAnswer, Type.Object({ secret: schemas.Secret })]),
    },
    handler: async ({ body, principal }) => {
      const { description = '', event_types: eventTypes = ['*'], kind = 'endpoint', url } = body;
      const wish = { scope: scopeOf(principal), kind, url, eventTypes, description };
      const { endpoint, secret } = await webhooks.createEndpoint(wish);
      return { ...schemas.endpointToApi(endpoint), secret };
    },
  });
}

function registerChanges(app: HttpApp, { scopeOf, webhooks }: WebhookRoutesOptions): void {
  apiRoute(app, {
    ...{ ...WRITE, method: 'PATCH', url: '/v1/webhooks/endpoints/:id' },
    summary: 'Change an endpoint, disable it, or enable it again',
    description:
      'While it is disabled nothing new is kept for it. What waited goes on when it is enabled again within its three days.',
    schema: {
      params: Params,
      body: Type.Object({
        url: Type.Optional(schemas.Url),
        event_types: Type.Optional(schemas.EventTypes),
        description: Type.Optional(schemas.Description),
        enabled: Type.Optional(Type.Boolean()),
      }),
      response: schemas.EndpointAnswer,
    },
    handler: async ({ body, params, principal }) => {
      const ref = { scope: scopeOf(principal), id: schemas.parseEndpointId(params.id) };
      const { event_types: eventTypes, ...rest } = body;
      const change = { ...rest, ...(eventTypes === undefined ? {} : { eventTypes }) };
      return schemas.endpointToApi(await webhooks.changeEndpoint(ref, change));
    },
  });
  apiRoute(app, {
    ...{ ...WRITE, method: 'DELETE', url: '/v1/webhooks/endpoints/:id' },
    summary: 'Delete an endpoint',
    description: 'What waits for it is not sent any more; its log stays readable as long as any.',
    schema: { params: Params, response: Type.Object({ deleted: Type.Boolean() }) },
    handler: async ({ params, principal }) => {
      await webhooks.deleteEndpoint({
        scope: scopeOf(principal),
        id: schemas.parseEndpointId(params.id),
      });
      return { deleted: true };
    },
  });
}

function registerActions(app: HttpApp, { scopeOf, webhooks }: WebhookRoutesOptions): void {
  apiRoute(app, {
    ...{ ...WRITE, method: 'POST', url: '/v1/webhooks/endpoints/:id/rotate-secret' },
    summary: 'Make a new secret, and see it',
    description:
      `The one before goes on signing beside it for \`overlap_hours\` (${OVERLAP_HOURS}), so that the receiver can change ` +
      'over; 0 ends it at once.',
    schema: {
      params: Params,
      body: Type.Object({
        overlap_hours: Type.Optional(Type.Integer({ minimum: 0, maximum: OVERLAP_HOURS_MAX })),
      }),
      response: Type.Object({ secret: schemas.Secret }),
    },
    handler: async ({ body, params, principal }) => {
      const ref = { scope: scopeOf(principal), id: schemas.parseEndpointId(params.id) };
      return webhooks.rotateSecret(ref, (body.overlap_hours ?? OVERLAP_HOURS) * HOUR_MS);
    },
  });
  apiRoute(app, {
    ...{ ...WRITE, method: 'POST', url: '/v1/webhooks/endpoints/:id/test', status: 202 },
    summary: 'Send an event `webhook.test` to an endpoint',
    schema: { params: Params, response: Type.Object({ delivery: schemas.Id }) },
    handler: async ({ params, principal }) => {
      const ref = { scope: scopeOf(principal), id: schemas.parseEndpointId(params.id) };
      return { delivery: schemas.formatDeliveryId(await webhooks.sendTest(ref)) };
    },
  });
}

function readPlace(cursor: string): bigint {
  const [id = ''] = readCursor(cursor, 1);
  return schemas.parseEndpointId(id, 'cursor');
}
