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
import { fail } from '#payouts/errors';
import type { Requests } from './create-requests.ts';
import {
  CLIENT_ID_LENGTH_MAX,
  EXTERNAL_ID_LENGTH_MAX,
  METADATA_LENGTH_MAX,
  requestId,
} from './request.ts';
import type { RequestRow } from './request-store.ts';

const ClientId = Type.String({
  minLength: 1,
  maxLength: CLIENT_ID_LENGTH_MAX,
  description: 'Whose balance is to be paid out, as the system of accounts knows the client.',
});
const ExternalId = Type.String({
  minLength: 1,
  maxLength: EXTERNAL_ID_LENGTH_MAX,
  description:
    'Your own id of the request: sent again with the same body, the same answer comes again.',
});
const Metadata = Type.Unsafe<Readonly<Record<string, unknown>>>({
  ...{ type: 'object', additionalProperties: true },
  description: `What you want to find again, at most ${METADATA_LENGTH_MAX} letters as JSON. Nothing here reads it.`,
});
const RequestId = Type.String({ description: 'preq_…' });
const Status = Type.Union([Type.Literal('new'), Type.Literal('done'), Type.Literal('error')]);

const Body = Type.Object({
  client_id: ClientId,
  external_id: ExternalId,
  metadata: Type.Optional(Metadata),
});

const Taken = Type.Object({ request: RequestId, status: Type.Literal('new') });

const PayoutRequest = Type.Object({
  request: RequestId,
  client_id: ClientId,
  external_id: ExternalId,
  metadata: Type.Optional(Metadata),
  status: Status,
  error: Type.Optional(Type.String({ description: 'Why it ended in `error`.' })),
  outcome: Type.Optional(
    Type.Object(
      {
        made: Type.Array(Type.String(), { description: 'Payouts that it made: po_…' }),
        met: Type.Array(Type.String(), {
          description: 'Payouts that were open for its accounts already.',
        }),
        reason: Type.Optional(
          Type.String({
            description:
              'Why there is no payout: `no_account` of type payout, or `no_balance` to pay out.',
          }),
        ),
      },
      { description: 'What became of it; there when it is `done`.' },
    ),
  ),
  asked_by: Type.String({ description: 'Whose API key it came with.' }),
  created_at: Instant,
  ended_at: Type.Optional(Instant),
});

/** Metadata and ids with their JSON around them: what is larger is refused unread. */
const BODY_BYTES_MAX = 16 * 1024;
const ID_LENGTH_MAX = 60;

/** `/v1/payout-requests`: one is taken, one is shown, many are listed. */
export function registerRequestRoutes(app: HttpApp, requests: Requests): void {
  const common = { url: '/v1/payout-requests', tag: 'payouts' };
  apiRoute(app, {
    ...{ ...common, method: 'POST', scope: 'payouts:request', status: 202 },
    summary: 'Ask for a payout',
    description:
      'Takes the request and looks at nothing else: what becomes of it, its status tells later. It needs no ' +
      'Idempotency-Key, since `external_id` names it: sent again with the same body, the same answer comes again; with ' +
      'another body it is refused (409 `request_conflict`).',
    bodyBytesMax: BODY_BYTES_MAX,
    schema: { body: Body, response: Taken },
    handler: async ({ body, principal }) => {
      const { client_id: clientId, external_id: externalId, metadata } = body;
      const request = await requests.take({
        clientId,
        externalId,
        metadata,
        askedBy: principal.id,
      });
      return { request, status: 'new' as const };
    },
  });
  apiRoute(app, {
    ...{ ...common, method: 'GET', scope: 'payouts:read' },
    summary: 'List payout requests',
    description: 'The newest first; of one client, of one status, or all.',
    schema: {
      querystring: Type.Object({
        client_id: Type.Optional(ClientId),
        status: Type.Optional(Status),
        ...PageQuery.properties,
      }),
      response: pageSchema(PayoutRequest),
    },
    handler: async ({ query }) => {
      const rows = await requests.list({
        clientId: query.client_id ?? null,
        status: query.status ?? null,
        before: query.cursor === undefined ? null : readPosition(query.cursor),
        limit: query.limit + 1,
      });
      return pageOf(rows, query.limit, { item: toApi, positionOf: ({ id }) => [id] });
    },
  });
  apiRoute(app, {
    ...{ ...common, method: 'GET', url: '/v1/payout-requests/:id', scope: 'payouts:read' },
    summary: 'Show a payout request',
    schema: {
      params: Type.Object({ id: Type.String({ maxLength: ID_LENGTH_MAX }) }),
      response: PayoutRequest,
    },
    handler: async ({ params }) => toApi(await requests.find(params.id)),
  });
}

function toApi(row: RequestRow) {
  return {
    ...{ request: requestId(row.id), client_id: row.client_id, external_id: row.external_id },
    ...(row.metadata && { metadata: row.metadata }),
    status: row.status,
    ...(row.error !== null && { error: row.error }),
    ...(row.outcome && { outcome: row.outcome }),
    ...{ asked_by: row.asked_by, created_at: row.created_at },
    ...(row.ended_at && { ended_at: row.ended_at }),
  };
}

const POSITION = /^[0-9]{1,19}$/;

function readPosition(cursor: string): bigint {
  const [position = ''] = readCursor(cursor, 1);
  if (POSITION.test(position)) return BigInt(position);
  throw fail('cursor_invalid', 'This cursor is not of a list of payout requests.', {
    faults: [{ field: 'cursor', message: 'must be next_cursor of the page before' }],
  });
}
