import type { Database } from '#database';
import {
  AmountMinor,
  apiRoute,
  CurrencyCode,
  type HttpApp,
  Instant,
  idempotentRoute,
  PageQuery,
  pageOf,
  pageSchema,
  readCursor,
  readCursorInstant,
  Type,
} from '#http';
import type { AttentionItem } from '#payments';
import type { Attention } from './attention.ts';
import { fail } from './errors.ts';

export interface AttentionRoutesOptions {
  readonly attention: Attention;
  readonly database: Pick<Database, 'pool'>;
}

/** What PostgreSQL can't store: a NUL, and half a surrogate pair. */
const STORABLE = '^[^\\u0000\\ud800-\\udfff]*$';

const Item = Type.Object({
  item: Type.String({ description: 'its name, for closing it' }),
  kind: Type.String(),
  subject: Type.String({ description: "`pay_…`, `sub_…`, or the gateway's id of it" }),
  message: Type.String({ description: 'what it is, for a person' }),
  since: Instant,
  gateway: Type.Optional(Type.String()),
  payment: Type.Optional(Type.String()),
  subscription: Type.Optional(Type.String()),
  amount_minor: Type.Optional(AmountMinor),
  currency: Type.Optional(CurrencyCode),
  actions: Type.Array(Type.Object({ method: Type.String(), url: Type.String() }), {
    description: 'what may be done about it, the usual thing first',
  }),
});

/** `/v1/attention`: what waits for people. */
export function registerAttentionRoutes(app: HttpApp, options: AttentionRoutesOptions): void {
  const { attention, database } = options;
  apiRoute(app, {
    ...{ method: 'GET', url: '/v1/attention', scope: 'attention:read', tag: 'staff' },
    summary: 'What waits for people, the oldest first',
    description:
      'Money that moved otherwise than was asked for, payments of which nobody knows the end, what was paid twice and does not ' +
      'go back, disputes, warnings of fraud, differences of books, subscriptions that stand still.',
    schema: {
      querystring: Type.Intersect([
        Type.Object({
          kind: Type.Optional(Type.Unsafe<string>({ type: 'string', enum: [...attention.kinds] })),
        }),
        PageQuery,
      ]),
      response: pageSchema(Item),
    },
    handler: async ({ query: { cursor, kind = null, limit } }) => {
      const after = cursor === undefined ? null : readPlace(cursor);
      const rows = await attention.list(database.pool, { after, kind, limit: limit + 1 });
      return pageOf(rows, limit, {
        item: attentionToApi,
        positionOf: ({ place, since }) => [since.toISOString(), place],
      });
    },
  });
  idempotentRoute(app, {
    ...{ url: '/v1/attention/:item/close', scope: 'attention:write', tag: 'staff' },
    summary: 'Take something off the list of what waits for people',
    description:
      'Nothing more is to be done about it; a subscription that stood still goes on, and what it owes is tried again. It moves no money ' +
      'by itself. Of an unknown payment somebody has to say what became of it (422). Who did it and why is written down.',
    schema: {
      params: Type.Object({ item: Type.String({ maxLength: 1000, pattern: '^[\\w-]+$' }) }),
      body: Type.Object({
        reason: Type.String({ minLength: 3, maxLength: 500, pattern: STORABLE }),
      }),
      response: Type.Object({ item: Type.String() }),
    },
    handler: async ({ body: { reason }, params: { item }, principal, tx }) => {
      const place = Buffer.from(item, 'base64url').toString();
      if (place.includes('\0')) throw fail('attention_unknown', 'Nothing of this name waits.');
      await attention.close(tx, { place, actor: principal.name, reason });
      return { item };
    },
  });
}

function readPlace(cursor: string) {
  const [since = '', place = ''] = readCursor(cursor, 2);
  return { since: readCursorInstant(since), place };
}

/** One that waits, in the words of the API. */
export function attentionToApi(one: AttentionItem) {
  const { amountMinor, currency, gateway, isClosable, payment, place, subscription } = one;
  const item = Buffer.from(place).toString('base64url');
  const close = { method: 'POST', url: `/v1/attention/${item}/close` } as const;
  return {
    ...{ item, kind: one.kind, subject: one.subject, message: one.message, since: one.since },
    ...(gateway === undefined ? {} : { gateway }),
    ...(payment === undefined ? {} : { payment }),
    ...(subscription === undefined ? {} : { subscription }),
    ...(amountMinor === undefined ? {} : { amount_minor: amountMinor }),
    ...(currency === undefined ? {} : { currency }),
    actions: [...one.actions, ...(isClosable ? [close] : [])],
  };
}
