import type { Tx } from '#database';
import {
  apiRoute,
  type HttpApp,
  idempotentRoute,
  PageQuery,
  pageOf,
  pageSchema,
  readCursor,
  Type,
} from '#http';
import type { PayoutMachine } from '#payouts/create-payout-machine';
import { isPayoutState, parsePayoutId, payoutSteps } from '#payouts/payout';
import { fail } from '#payouts/payout-errors';
import { STATUS_OUTCOMES } from '#payouts/statuses';
import {
  approvalToApi,
  ClientId,
  factToApi,
  Payout,
  PayoutParams,
  PayoutStory,
  payoutToApi,
  ReasonText,
  Status,
  statusToApi,
  stepToApi,
} from './payout-shapes.ts';

const TAG = { tag: 'payouts' } as const;
const words = <Word extends string>(all: readonly Word[]) =>
  Type.Union(all.map((word) => Type.Literal(word)));

/** `/v1/payouts` and `/v1/payout-statuses`: what there is, and what people decide about it. */
export function registerPayoutRoutes(
  app: HttpApp,
  { payouts }: { readonly payouts: PayoutMachine },
): void {
  readRoutes(app, payouts);
  approvalRoutes(app, payouts);
  endRoutes(app, payouts);
}

function readRoutes(app: HttpApp, payouts: PayoutMachine): void {
  apiRoute(app, {
    ...{ method: 'GET', url: '/v1/payouts', scope: 'payouts:read', ...TAG },
    summary: 'Payouts, newest first',
    schema: {
      querystring: Type.Intersect([
        Type.Object({
          client_id: Type.Optional(ClientId),
          state: Type.Optional(words(Object.keys(payoutSteps))),
        }),
        PageQuery,
      ]),
      response: pageSchema(Payout),
    },
    handler: async ({ query }) => {
      const { client_id: clientId = null, cursor, limit, state = '' } = query;
      const before = cursor ? parsePayoutId(readCursor(cursor, 1)[0] ?? '', 'cursor') : null;
      const rows = await payouts.list({
        ...{ clientId, before, limit: limit + 1, state: isPayoutState(state) ? state : null },
      });
      return pageOf(rows.map(payoutToApi), limit, {
        item: (one) => one,
        positionOf: (one) => [one.payout],
      });
    },
  });
  apiRoute(app, {
    ...{ method: 'GET', url: '/v1/payouts/:id', scope: 'payouts:read', ...TAG },
    summary: 'One payout with its steps, cash payment facts, approvals and statuses',
    schema: { params: PayoutParams, response: PayoutStory },
    handler: async ({ params }) => toStory(payouts, parsePayoutId(params.id)),
  });
  apiRoute(app, {
    ...{ method: 'GET', url: '/v1/payout-statuses', scope: 'payouts:read', ...TAG },
    summary: 'What the ERP said, in the order in which it came in',
    description:
      'With `outcome` parked, conflict or unknown: what could not be applied. Parked statuses are tried again after ' +
      'each step of their payout.',
    schema: {
      querystring: Type.Intersect([
        Type.Object({ outcome: Type.Optional(words(STATUS_OUTCOMES)) }),
        PageQuery,
      ]),
      response: pageSchema(Status),
    },
    handler: async ({ query }) => {
      const { cursor, limit, outcome = null } = query;
      const after = cursor ? readNumber(cursor) : 0n;
      const rows = await payouts.statuses({ outcome, payoutId: null, after, limit: limit + 1 });
      return pageOf(rows, limit, { item: statusToApi, positionOf: ({ number }) => [number] });
    },
  });
}

function approvalRoutes(app: HttpApp, payouts: PayoutMachine): void {
  for (const decision of ['approve', 'refuse'] as const) {
    idempotentRoute(app, {
      ...{ url: `/v1/payouts/:id/${decision}`, scope: 'payouts:approve', ...TAG },
      summary: decision === 'approve' ? 'Approve a large payout' : 'Refuse a large payout: it ends',
      description:
        'Two different people must approve, neither of whom asked for it. `hash` is `approval_hash` of the payout that ' +
        'was looked at: an approval of anything else counts for nothing.',
      schema: {
        params: PayoutParams,
        body: Type.Object({
          hash: Type.String({ pattern: '^[0-9a-f]{64}$' }),
          comment: Type.Optional(ReasonText),
        }),
        response: Payout,
      },
      handler: async ({ body, params, principal, tx }) => {
        const id = parsePayoutId(params.id);
        const { comment, hash } = body;
        await payouts.decide(tx, { id, decision, approver: principal.id, hash, comment });
        return mustFind(payouts, id, tx);
      },
    });
  }
}

function endRoutes(app: HttpApp, payouts: PayoutMachine): void {
  idempotentRoute(app, {
    ...{ url: '/v1/payouts/:id/cancel', scope: 'payouts:write', ...TAG },
    summary: 'End a payout that was not sent yet',
    description:
      'Where its money is set aside already it is given back first: `cancelling` is true until it is cancelled.',
    schema: {
      params: PayoutParams,
      body: Type.Object({ reason: ReasonText }),
      response: Payout,
    },
    handler: async ({ body, params, principal, tx }) => {
      const id = parsePayoutId(params.id);
      await payouts.cancel(tx, { id, by: principal.id, reason: body.reason });
      return mustFind(payouts, id, tx);
    },
  });
  idempotentRoute(app, {
    ...{ url: '/v1/payouts/:id/resolve', scope: 'payouts:write', ...TAG },
    summary: 'End a conflict or a silence by what people have found out',
    description: 'The money follows: a payout that was paid, or one that was not.',
    schema: {
      params: PayoutParams,
      body: Type.Object({ as: words(['paid', 'rejected'] as const), reason: ReasonText }),
      response: Payout,
    },
    handler: async ({ body, params, principal, tx }) => {
      const id = parsePayoutId(params.id);
      await payouts.resolve(tx, { id, by: principal.id, reason: body.reason, as: body.as });
      return mustFind(payouts, id, tx);
    },
  });
}

async function mustFind(payouts: PayoutMachine, id: bigint, tx?: Tx) {
  const view = await payouts.find(id, tx);
  if (!view) throw fail('payout_unknown', 'There is no such payout.');
  return payoutToApi(view);
}

async function toStory(payouts: PayoutMachine, id: bigint) {
  const payout = await mustFind(payouts, id);
  const { approvals, facts, statuses, steps } = await payouts.story(id);
  return {
    ...payout,
    steps: steps.map(stepToApi),
    cash_payment_facts: facts.map(factToApi),
    approvals: approvals.map(approvalToApi),
    statuses: statuses.map(statusToApi),
  };
}

const NUMBER = /^[0-9]{1,18}$/;

function readNumber(cursor: string): bigint {
  const [number = ''] = readCursor(cursor, 1);
  if (NUMBER.test(number)) return BigInt(number);
  throw fail('status_cursor_invalid', 'This cursor is not of a list of statuses.', {
    faults: [{ field: 'cursor', message: 'must be next_cursor of the page before' }],
  });
}
