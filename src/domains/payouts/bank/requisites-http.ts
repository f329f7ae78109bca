import type { Clock } from '#clock';
import type { Database } from '#database';
import { apiRoute, CurrencyCode, type HttpApp, Instant, Type } from '#http';
import { findRequisites, type StoredRequisites, saveRequisites } from './bank-store.ts';
import { checkRequisites } from './requisites.ts';

const CLIENT_ID_LENGTH_MAX = 100;
const TEXT_LENGTH_MAX = 200;

const Client = Type.Object({
  client_id: Type.String({ minLength: 1, maxLength: CLIENT_ID_LENGTH_MAX }),
});
const RequisitesBody = Type.Object(
  {
    currency: CurrencyCode,
    name: Type.String({ maxLength: TEXT_LENGTH_MAX, description: 'Whose account it is.' }),
    account: Type.String({
      maxLength: TEXT_LENGTH_MAX,
      description: 'An IBAN, or what the bank calls an account. Blanks do not count.',
    }),
    bank: Type.Optional(
      Type.String({
        maxLength: TEXT_LENGTH_MAX,
        description: 'A BIC, or a clearing system with its member, such as `RUCBC:044525225`.',
      }),
    ),
  },
  { additionalProperties: false },
);
const RequisitesView = Type.Object({
  ...{ currency: CurrencyCode, name: Type.String(), account: Type.String(), bank: Type.String() },
  ...{ set_by: Type.String(), set_at: Instant },
});

export interface RequisitesRoutesOptions {
  readonly database: Database;
  readonly clock: Clock;
}

/** `PUT` and `GET /v1/payout-clients/{client_id}/requisites`. */
export function registerRequisitesRoutes(app: HttpApp, options: RequisitesRoutesOptions): void {
  const { clock, database } = options;
  apiRoute(app, {
    ...{ method: 'PUT', url: '/v1/payout-clients/:client_id/requisites' },
    ...{ scope: 'payouts:requisites', tag: 'payouts' },
    summary: "Where a client's money goes",
    description:
      'For one currency; the files of orders that are written from now on have it, those that were written keep ' +
      'what they had. The same again changes nothing, so it needs no Idempotency-Key.',
    schema: { params: Client, body: RequisitesBody, response: RequisitesView },
    handler: async ({ body, params, principal }) => {
      const { account, currency, name, bank = '' } = body;
      const checked = checkRequisites({ name, account, bank });
      const now = clock.now();
      const setBy = principal.id;
      const clientId = params.client_id;
      await saveRequisites(database.pool, { clientId, currency, ...checked, setBy, now });
      return { currency, ...checked, set_by: setBy, set_at: now };
    },
  });
  apiRoute(app, {
    ...{ method: 'GET', url: '/v1/payout-clients/:client_id/requisites' },
    ...{ scope: 'payouts:read', tag: 'payouts' },
    summary: "Where a client's money goes, by currency",
    schema: {
      params: Client,
      response: Type.Object({ items: Type.Array(RequisitesView) }),
    },
    handler: async ({ params }) => {
      const rows = await findRequisites(database.pool, params.client_id);
      return { items: rows.map(toApi) };
    },
  });
}

function toApi({ account, bank, currency, name, set_at, set_by }: StoredRequisites) {
  return { currency, name, account, bank, set_by, set_at };
}
