import { apiRoute, CurrencyCode, type HttpApp, Instant, Type } from '#http';
import { amountFromApi } from '#money';
import type { PayoutMachine } from '#payouts/create-payout-machine';
import { ClientId, ReasonText } from './payout-shapes.ts';

const TAG = { tag: 'payouts' } as const;
const Params = Type.Object({ client_id: ClientId });

const Hold = Type.Object({
  client_id: Type.String(),
  held: Type.Boolean(),
  reason: Type.Optional(Type.String()),
  by: Type.Optional(Type.String()),
  at: Type.Optional(Instant),
});

const Limit = Type.Object({
  currency: CurrencyCode,
  approval_above_minor: Type.Union(
    [Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }), Type.Null()],
    { description: 'Two people must approve what is above it; null: as for all other clients.' },
  ),
});

/** `/v1/payout-clients`: holds, and from how much on people must approve. Each call may simply be made again. */
export function registerPayoutClientRoutes(
  app: HttpApp,
  { payouts }: { readonly payouts: PayoutMachine },
): void {
  apiRoute(app, {
    ...{ method: 'PUT', url: '/v1/payout-clients/:client_id/hold', scope: 'payouts:write', ...TAG },
    summary: 'Hold a client: nothing more is sent',
    description:
      'What was sent before is not held any more. What is reserved stays reserved until the hold ends.',
    schema: { params: Params, body: Type.Object({ reason: ReasonText }), response: Hold },
    handler: async ({ body, params, principal }) => {
      const held = await payouts.hold({
        ...{ clientId: params.client_id, reason: body.reason, by: principal.id },
      });
      return {
        ...{ client_id: held.client_id, held: true },
        ...(held.held_reason === null ? {} : { reason: held.held_reason }),
        ...(held.held_by === null ? {} : { by: held.held_by }),
        ...(held.held_at === null ? {} : { at: held.held_at }),
      };
    },
  });
  apiRoute(app, {
    ...{
      method: 'DELETE',
      url: '/v1/payout-clients/:client_id/hold',
      scope: 'payouts:write',
      ...TAG,
    },
    summary: 'End the hold of a client: its payouts are checked again',
    schema: { params: Params, response: Hold },
    handler: async ({ params, principal }) => {
      await payouts.release({ clientId: params.client_id, by: principal.id });
      return { client_id: params.client_id, held: false };
    },
  });
  apiRoute(app, {
    ...{
      method: 'PUT',
      url: '/v1/payout-clients/:client_id/limit',
      scope: 'payouts:approve',
      ...TAG,
    },
    summary: 'Say from how much on people must approve payouts of a client',
    description: 'Holds for payouts that are checked from now on. Needs the right to approve.',
    schema: { params: Params, body: Limit, response: Limit },
    handler: async ({ body, params, principal }) => {
      const { approval_above_minor: above, currency } = body;
      await payouts.limit({
        ...{ clientId: params.client_id, currency, by: principal.id },
        aboveMinor: above === null ? null : amountFromApi(above, 'approval_above_minor'),
      });
      return { currency, approval_above_minor: above };
    },
  });
}
