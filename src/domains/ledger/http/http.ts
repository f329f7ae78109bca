import type { Database } from '#database';
import {
  apiRoute,
  CurrencyCode,
  type HttpApp,
  Instant,
  PageQuery,
  pageOf,
  pageSchema,
  readCursor,
  Type,
} from '#http';
import { parseAccountId } from '#ledger/account';
import type { Ledger } from '#ledger/create-ledger';
import { fail } from '#ledger/errors';
import { registerHoldRoutes } from './http-holds.ts';
import {
  AccountAnswer,
  AccountRef,
  accountToApi,
  EntryAnswer,
  entryToApi,
  Metadata,
  Words,
} from './http-schemas.ts';
import { registerTransferRoutes } from './http-transfers.ts';

const READ = { scope: 'ledger:read', tag: 'ledger' } as const;
const WRITE = { scope: 'ledger:write', tag: 'ledger' } as const;
const Params = Type.Object({ id: AccountRef });

export interface LedgerRoutesOptions {
  readonly ledger: Ledger;
  readonly database: Database;
}

/** `/v1/accounts`, `/v1/transfers`, `/v1/holds`: the system of accounts for whoever keeps it in another process. */
export function registerLedgerRoutes(app: HttpApp, options: LedgerRoutesOptions): void {
  registerAccountRoutes(app, options.ledger);
  registerEntryRoutes(app, options.ledger);
  registerTransferRoutes(app, options.ledger);
  registerHoldRoutes(app, options);
}

function registerAccountRoutes(app: HttpApp, ledger: Ledger): void {
  apiRoute(app, {
    ...{ ...READ, method: 'GET', url: '/v1/accounts' },
    summary: 'Accounts with their balances, in the order in which they were opened',
    schema: {
      querystring: Type.Object({
        client_id: Type.Optional(Words(100)),
        type: Type.Optional(Type.String({ maxLength: 40 })),
        ...PageQuery.properties,
      }),
      response: pageSchema(AccountAnswer),
    },
    handler: async ({ query: { client_id: clientId, cursor, limit, type } }) => {
      const rows = await ledger.accounts({
        ...(clientId === undefined ? {} : { clientId }),
        ...(type === undefined ? {} : { type }),
        ...(cursor === undefined ? {} : { after: readPlace(cursor) }),
        limit: limit + 1,
      });
      return pageOf(rows, limit, { item: accountToApi, positionOf: ({ id }) => [id] });
    },
  });
  apiRoute(app, {
    ...{ ...WRITE, method: 'POST', url: '/v1/accounts' },
    summary: 'Open an account, or find the one that is there',
    description:
      'There is one account for each type, client, currency and label. Asked for again it is the same one, with the ' +
      'metadata that it was opened with; so it needs no `Idempotency-Key`.',
    schema: {
      body: Type.Object({
        type: Type.String({ maxLength: 40 }),
        client_id: Type.Optional(Words(100)),
        currency: CurrencyCode,
        label: Type.Optional(Words(100)),
        metadata: Type.Optional(Metadata),
      }),
      response: AccountAnswer,
    },
    handler: async ({ body }) => {
      const { client_id: clientId = '', currency, label = '', metadata, type } = body;
      const name = { type, clientId, currency, label, ...(metadata ? { metadata } : {}) };
      const [opened] = await ledger.open([name]);
      return accountToApi(await ledger.account(opened?.id ?? 0n));
    },
  });
}

function registerEntryRoutes(app: HttpApp, ledger: Ledger): void {
  apiRoute(app, {
    ...{ ...READ, method: 'GET', url: '/v1/accounts/:id' },
    summary: 'An account with its balance, now or at a past instant',
    description:
      'With `at`, `balance_at_minor` is the balance when all that was booked until then was in. What is under way may ' +
      'still be booked for an instant up to a minute ago.',
    schema: {
      params: Params,
      querystring: Type.Object({ at: Type.Optional(Instant) }),
      response: Type.Intersect([
        AccountAnswer,
        Type.Object({
          at: Type.Optional(Instant),
          balance_at_minor: Type.Optional(Type.Integer()),
        }),
      ]),
    },
    handler: async ({ params, query }) => {
      const id = parseAccountId(params.id);
      const account = accountToApi(await ledger.account(id));
      if (query.at === undefined) return account;
      const at = new Date(query.at);
      return { ...account, at, balance_at_minor: await ledger.balanceAt(id, at) };
    },
  });
  apiRoute(app, {
    ...{ ...READ, method: 'GET', url: '/v1/accounts/:id/entries' },
    summary: 'What was booked on an account, the newest first',
    schema: { params: Params, querystring: PageQuery, response: pageSchema(EntryAnswer) },
    handler: async ({ params, query: { cursor, limit } }) => {
      const rows = await ledger.entries(parseAccountId(params.id), {
        ...(cursor === undefined ? {} : { before: readPlace(cursor) }),
        limit: limit + 1,
      });
      return pageOf(rows, limit, { item: entryToApi, positionOf: ({ number }) => [number] });
    },
  });
}

/** The id or the number that a page ended with. */
function readPlace(cursor: string): bigint {
  const [text = ''] = readCursor(cursor, 1);
  if (/^[0-9]{1,18}$/.test(text)) return BigInt(text);
  throw fail('cursor_invalid', 'This cursor is not of the ledger.', {
    faults: [{ field: 'cursor', message: 'must be next_cursor of the page before' }],
  });
}
