import type { Database } from '#database';
import { apiRoute, type HttpApp, Instant, Type } from '#http';
import { accountId } from '#ledger/account';
import type { Ledger } from '#ledger/create-ledger';
import type { HoldView } from '#ledger/holds';
import { endedError, holdRefusalOf, refusalOf } from '#ledger/refusal';
import {
  AccountRef,
  findAccounts,
  Kind,
  LineInput,
  Metadata,
  Moved,
  placesOfLines,
  readLines,
  TransferAnswer,
  transferToApi,
  Uuid,
  Words,
} from './http-schemas.ts';

const PARTS_MAX = 100;
const LINES_MAX = 100;
const READ = { scope: 'ledger:read', tag: 'ledger' } as const;
const WRITE = { scope: 'ledger:write', tag: 'ledger' } as const;

const Hold = Type.Object({
  id: Type.String(),
  kind: Type.String(),
  reference: Type.String(),
  parts: Type.Array(Type.Object({ account: AccountRef, amount_minor: Type.Integer() })),
  state: Type.Union([
    Type.Literal('open'),
    Type.Literal('posted'),
    Type.Literal('voided'),
    Type.Literal('expired'),
  ]),
  created_at: Instant,
  expires_at: Instant,
  ended_at: Type.Optional(Instant),
  transfer: Type.Optional(Type.String({ description: 'The transfer that it became.' })),
});

const Params = Type.Object({ id: Uuid('The id of the hold.') });
const ID = Uuid('Made by you and kept before you ask: asked again it is the same one.');

export interface HoldRoutesOptions {
  readonly ledger: Ledger;
  readonly database: Database;
}

/** `/v1/holds`: money in two stages. */
export function registerHoldRoutes(app: HttpApp, options: HoldRoutesOptions): void {
  registerBeginning(app, options);
  registerEnds(app, options);
}

function registerBeginning(app: HttpApp, { database, ledger }: HoldRoutesOptions): void {
  apiRoute(app, {
    ...{ ...WRITE, method: 'POST', url: '/v1/holds' },
    summary: 'Set money aside, to be posted or given back later',
    description:
      'It stays where it is, and nobody else can spend it. Given back by itself at `expires_at`. The id makes a ' +
      'repetition harmless, so it needs no `Idempotency-Key`.',
    schema: {
      body: Type.Object({
        id: ID,
        kind: Kind,
        reference: Words(200),
        parts: Type.Array(Type.Object({ account: AccountRef, amount_minor: Moved }), {
          ...{ minItems: 1, maxItems: PARTS_MAX },
        }),
        expires_at: Instant,
      }),
      response: Hold,
    },
    handler: async ({ body: { expires_at: expiresAt, parts, ...hold } }) => {
      const accountOf = await findAccounts(
        ledger,
        parts.map(({ account }, at) => ({ account, field: `parts.${at}.account` })),
      );
      const asked = {
        ...{ ...hold, expiresAt: new Date(expiresAt) },
        parts: parts.map(({ account, amount_minor: amount }) => ({
          ...{ account: accountOf(account), amountMinor: BigInt(amount) },
        })),
      };
      const reservation = await database.transaction((tx) => ledger.reserve(tx, [asked]));
      if (reservation.outcome === 'refused') throw holdRefusalOf(reservation);
      return toApi(await ledger.hold(hold.id));
    },
  });
  apiRoute(app, {
    ...{ ...READ, method: 'GET', url: '/v1/holds/:id' },
    summary: 'A hold as it stands',
    schema: { params: Params, response: Hold },
    handler: async ({ params }) => toApi(await ledger.hold(params.id)),
  });
}

function registerEnds(app: HttpApp, { database, ledger }: HoldRoutesOptions): void {
  apiRoute(app, {
    ...{ ...WRITE, method: 'POST', url: '/v1/holds/:id/settle' },
    summary: 'Post the transfer that money was set aside for',
    description:
      'It takes at most what was set aside; the rest is given back. A hold ends once: asked again with the same transfer ' +
      'the same is answered, otherwise it is a conflict.',
    schema: {
      params: Params,
      body: Type.Object({
        ...{ id: ID, kind: Kind, reference: Words(200), metadata: Type.Optional(Metadata) },
        lines: Type.Array(LineInput, { minItems: 2, maxItems: LINES_MAX }),
      }),
      response: Type.Intersect([Hold, Type.Object({ posted: TransferAnswer })]),
    },
    handler: async ({ body: { lines, ...rest }, params }) => {
      const accountOf = await findAccounts(ledger, placesOfLines(lines, ''));
      const transfer = { ...rest, lines: readLines(lines, '', accountOf) };
      const settled = await database.transaction((tx) =>
        ledger.settle(tx, { hold: params.id, transfer }),
      );
      if (settled.outcome === 'ended') throw endedError(params.id, settled.state);
      if (settled.outcome === 'refused') throw refusalOf(settled, '');
      const posted = (await ledger.transfers([transfer.id])).map(transferToApi);
      return { ...toApi(await ledger.hold(params.id)), posted: posted[0] as (typeof posted)[0] };
    },
  });
  apiRoute(app, {
    ...{ ...WRITE, method: 'POST', url: '/v1/holds/:id/void' },
    summary: 'Give back what was set aside',
    description:
      'Asked again the same is answered. A hold that was posted or has expired is a conflict.',
    schema: { params: Params, response: Hold },
    handler: async ({ params }) => {
      const release = await database.transaction((tx) => ledger.release(tx, [params.id]));
      if (release.outcome === 'ended') throw endedError(params.id, release.state);
      return toApi(await ledger.hold(params.id));
    },
  });
}

function toApi(hold: HoldView) {
  return {
    ...{ id: hold.id, kind: hold.kind, reference: hold.reference, state: hold.state },
    parts: hold.parts.map(({ account, amountMinor }) => ({
      ...{ account: accountId(account), amount_minor: amountMinor },
    })),
    ...{ created_at: hold.createdAt, expires_at: hold.expiresAt },
    ...(hold.endedAt ? { ended_at: hold.endedAt } : {}),
    ...(hold.transfer ? { transfer: hold.transfer } : {}),
  };
}
