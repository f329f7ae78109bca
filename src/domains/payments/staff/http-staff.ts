import type { Database } from '#database';
import { apiRoute, type HttpApp, Instant, idempotentRoute, Type } from '#http';
import { fail } from '#payments/errors';
import {
  DifferenceShape,
  differenceToApi,
  findLastReconciliation,
  listDifferences,
} from '#payments/reconciliation';
import type { HandSettler } from './settle-by-hand.ts';

export interface CardStaffRoutesOptions {
  readonly database: Pick<Database, 'pool'>;
  readonly settler: HandSettler;
}

const SHOWN_MOST = 500;
/** What PostgreSQL can't store: a NUL, and half a surrogate pair. */
const STORABLE = '^[^\\u0000\\ud800-\\udfff]*$';

const Reconciliation = Type.Object({
  gateway: Type.String(),
  last: Type.Optional(
    Type.Object({
      from: Instant,
      to: Instant,
      ended_at: Instant,
      listed: Type.Integer(),
      applied: Type.Integer({ description: 'News that had been lost, and was applied.' }),
    }),
  ),
  differences: Type.Array(DifferenceShape, {
    description: `Those that stand, the oldest first; at most ${SHOWN_MOST}.`,
  }),
});

/** What people do about card payments: settle what no gateway tells, and look where the books differ. */
export function registerCardStaffRoutes(
  app: HttpApp,
  { database, settler }: CardStaffRoutesOptions,
): void {
  idempotentRoute(app, {
    ...{ url: '/v1/payments/:id/settle', scope: 'payments:admin', tag: 'payments', status: 200 },
    summary: 'Settle an unknown payment or a conflict by hand',
    description:
      'For what people have found out at the gateway: whether an unknown payment was taken, and whether a conflict is what ' +
      'was asked for after all or goes back. Who did it and why is written down.',
    schema: {
      params: Type.Object({ id: Type.String({ maxLength: 60 }) }),
      body: Type.Object({
        outcome: Type.Union([
          Type.Literal('accepted'),
          Type.Literal('declined'),
          Type.Literal('returned'),
        ]),
        transaction: Type.Optional(
          Type.String({ minLength: 1, maxLength: 100, pattern: STORABLE }),
        ),
        reason: Type.String({ minLength: 3, maxLength: 500, pattern: STORABLE }),
      }),
      response: Type.Object({ payment: Type.String(), outcome: Type.String() }),
    },
    handler: async ({ body, params, principal, tx }) => {
      const { outcome, reason, transaction } = body;
      const actor = principal.name;
      await settler.settle(tx, { payment: params.id, outcome, transaction, reason, actor });
      return { payment: params.id, outcome };
    },
  });
  apiRoute(app, {
    ...{ method: 'GET', url: '/v1/reconciliations/:gateway', scope: 'payments:read' },
    ...{ tag: 'payments', summary: "Where a gateway's book and ours differ" },
    schema: {
      params: Type.Object({ gateway: Type.String({ maxLength: 40 }) }),
      response: Reconciliation,
    },
    handler: async ({ params: { gateway } }) => {
      const last = await findLastReconciliation(database.pool, gateway);
      const rows = await listDifferences(database.pool, { gateway, most: SHOWN_MOST });
      if (!last && rows.length === 0)
        throw fail('reconciliation_unknown', `${gateway} has not been compared yet.`);
      return {
        gateway,
        ...(last?.ended_at && {
          last: {
            ...{ from: last.from_at, to: last.to_at, ended_at: last.ended_at },
            ...{ listed: last.listed, applied: last.applied },
          },
        }),
        differences: rows.map(differenceToApi),
      };
    },
  });
}
