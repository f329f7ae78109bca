import type { Clock } from '#clock';
import type { Database } from '#database';
import {
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
import { paymentId } from '#payments/payment';
import { closeDifference } from './close-difference.ts';
import { type DifferencePlace, type DifferenceRow, pageDifferences } from './difference-store.ts';
import { type DifferenceKind, differenceKinds } from './reconciliation-store.ts';

export interface DifferenceRoutesOptions {
  readonly clock: Clock;
  readonly database: Pick<Database, 'pool'>;
}

/** What PostgreSQL can't store: a NUL, and half a surrogate pair. */
const STORABLE = '^[^\\u0000\\ud800-\\udfff]*$';
const Kind = Type.Unsafe<DifferenceKind>({ type: 'string', enum: [...differenceKinds] });
const Params = Type.Object({ name: Type.String({ maxLength: 40, pattern: STORABLE }) });

export const DifferenceShape = Type.Object({
  kind: Type.String({ description: differenceKinds.join(', ') }),
  subject: Type.String({ description: "The gateway's id of it, or ours where it has none." }),
  payment: Type.Optional(Type.String({ description: 'pay_…' })),
  transaction: Type.Optional(Type.String()),
  ours_minor: Type.Optional(Type.Integer()),
  theirs_minor: Type.Optional(Type.Integer()),
  currency: Type.Optional(CurrencyCode),
  at: Instant,
  message: Type.String(),
  seen_at: Instant,
  last_seen_at: Instant,
  gone_at: Type.Optional(Instant),
  closed: Type.Optional(Type.Object({ at: Instant, by: Type.String(), reason: Type.String() })),
});

const STANDING = { open: true, over: false, all: null } as const;

/** `/v1/gateways/{name}/differences`: where the two books differ, and who has looked at it. */
export function registerDifferenceRoutes(app: HttpApp, options: DifferenceRoutesOptions): void {
  const { clock, database } = options;
  apiRoute(app, {
    ...{ method: 'GET', url: '/v1/gateways/:name/differences', scope: 'payments:read' },
    ...{ tag: 'gateways', summary: "Where a gateway's book and ours differ, the oldest first" },
    schema: {
      params: Params,
      querystring: Type.Intersect([
        Type.Object({
          state: Type.Unsafe<keyof typeof STANDING>({
            ...{ type: 'string', enum: Object.keys(STANDING), default: 'open' },
            description: '`over`: closed by hand, or not found any more.',
          }),
          kind: Type.Optional(Kind),
        }),
        PageQuery,
      ]),
      response: pageSchema(DifferenceShape),
    },
    handler: async ({ params: { name: gateway }, query }) => {
      const { cursor, kind = null, limit, state } = query;
      const after = cursor === undefined ? null : readPlace(cursor);
      const page = { gateway, kind, isOpen: STANDING[state], after, limit: limit + 1 };
      const rows = await pageDifferences(database.pool, page);
      return pageOf(rows, limit, {
        item: differenceToApi,
        positionOf: ({ kind: of, seen_at, subject }) => [seen_at.toISOString(), of, subject],
      });
    },
  });
  idempotentRoute(app, {
    ...{ url: '/v1/gateways/:name/differences/close', scope: 'payments:admin', tag: 'gateways' },
    summary: 'Close a difference by hand',
    description:
      'A later comparison that finds the same leaves it closed; one that finds other amounts opens it again. It moves no money: a ' +
      'conflict is settled at `/v1/payments/{id}/settle`. Who did it and why is written down.',
    schema: {
      params: Params,
      body: Type.Object({
        kind: Kind,
        subject: Type.String({ minLength: 1, maxLength: 200, pattern: STORABLE }),
        reason: Type.String({ minLength: 3, maxLength: 500, pattern: STORABLE }),
      }),
      response: DifferenceShape,
    },
    handler: async ({ body, params: { name: gateway }, principal, tx }) => {
      const by = { actor: principal.name, now: clock.now() };
      return differenceToApi(await closeDifference(tx, { ...body, ...by, gateway }));
    },
  });
}

function readPlace(cursor: string): DifferencePlace {
  const [seenAt = '', kind = '', subject = ''] = readCursor(cursor, 3);
  return { seenAt: readCursorInstant(seenAt), kind, subject };
}

export function differenceToApi(row: DifferenceRow) {
  const { currency, customer_id, ours_minor, payment_id, theirs_minor, transaction } = row;
  const { closed_at, closed_by, closed_reason, gone_at } = row;
  return {
    ...{ kind: row.kind, subject: row.subject, at: row.at, message: row.message },
    ...{ seen_at: row.seen_at, last_seen_at: row.last_seen_at },
    ...(customer_id !== null &&
      payment_id !== null && { payment: paymentId(customer_id, payment_id) }),
    ...(transaction !== null && { transaction }),
    ...(ours_minor !== null && { ours_minor: Number(ours_minor) }),
    ...(theirs_minor !== null && { theirs_minor: Number(theirs_minor) }),
    ...(currency !== null && { currency }),
    ...(gone_at !== null && { gone_at }),
    ...(closed_at !== null && {
      closed: { at: closed_at, by: closed_by ?? '', reason: closed_reason ?? '' },
    }),
  };
}
