import type { Database } from '#database';
import {
  apiRoute,
  type HttpApp,
  Instant,
  MsisdnText,
  PageQuery,
  pageOf,
  pageSchema,
  readCursor,
  type Static,
  Type,
} from '#http';
import { formatRowId, parseRowId } from '#ids';
import type { NumberPlan } from '#phone';
import { readAnyMsisdn } from '#phone';
import type { Rules } from '#rules/create-rules';
import { WindowsByDay } from '#rules/decision';
import type { ConsentRow, OverrideRow, SuppressionRow } from '#rules/entities';
import { Words } from '#rules/entity';
import { actorOf } from './http-entities.ts';
import { EntityKey, ListName, Person, READ, SetId, WRITE } from './http-shapes.ts';

export interface PeopleOptions {
  readonly rules: Rules;
  readonly database: Database;
  readonly clock: { now(): Date };
  /** Spellings of numbers that are known. */
  readonly plans: () => readonly NumberPlan[];
}

/** `/v1/rules/suppressions`, `/consents` and `/overrides`: what people want, and what was agreed with them. */
export function registerPeopleRoutes(app: HttpApp, options: PeopleOptions): void {
  suppressionRoutes(app, options);
  consentRoutes(app, options);
  overrideRoutes(app, options);
}

const orNull = (moment: string | undefined) => (moment === undefined ? null : new Date(moment));

const Suppression = Type.Object({
  msisdn: Type.String(),
  list: Type.String(),
  entity: Type.Union([Type.String(), Type.Null()], { description: 'Null: of all entities.' }),
  reason: Type.String(),
  since: Instant,
  until: Type.Union([Instant, Type.Null()]),
});

function suppressionToApi({ entity, list, msisdn, reason, since, until }: SuppressionRow) {
  return { msisdn, list, entity: entity === '' ? null : entity, reason, since, until };
}

function suppressionRoutes(app: HttpApp, options: PeopleOptions): void {
  const { clock, database, plans, rules } = options;
  const url = '/v1/rules/suppressions';
  apiRoute(app, {
    ...{ method: 'GET', url, ...READ },
    summary: 'Numbers that must not be written to',
    schema: {
      querystring: Type.Intersect([
        Type.Object({
          msisdn: Type.Optional(MsisdnText),
          list: Type.Optional(ListName),
          entity: Type.Optional(EntityKey),
        }),
        PageQuery,
      ]),
      response: pageSchema(Suppression),
    },
    handler: async ({ query }) => {
      const { cursor, entity = null, limit, list = null } = query;
      const msisdn = query.msisdn === undefined ? null : readAnyMsisdn(query.msisdn, plans());
      const [a = '', b = '', c = ''] = cursor === undefined ? [] : readCursor(cursor, 3);
      const after = [a, b, c] as const;
      const page = { msisdn, list, entity, after, limit: limit + 1 };
      const rows = await rules.suppressions(database.pool, page);
      return pageOf(rows, limit, {
        item: suppressionToApi,
        positionOf: (row) => [row.msisdn, row.list, row.entity],
      });
    },
  });
  const Body = Type.Object({
    msisdn: MsisdnText,
    list: ListName,
    entity: Type.Optional(EntityKey),
    reason: Words(500),
    until: Type.Optional(Instant),
  });
  apiRoute(app, {
    ...{ method: 'PUT', url, ...WRITE },
    summary: 'Put a number on a list',
    description:
      'A number that stands there already stays as it is, unless it would end sooner. Without `entity` it holds for all of ' +
      'them; of one entity for all of its creditor group.',
    schema: { body: Body, response: Suppression },
    handler: async ({ body, principal }) => {
      const { list, reason } = body;
      const msisdn = readAnyMsisdn(body.msisdn, plans());
      const { entity = '' } = body;
      return database.transaction(async (tx) => {
        const entry = { list, entity, msisdn, reason, at: clock.now() };
        const until = body.until === undefined ? {} : { until: new Date(body.until) };
        await rules.suppress(tx, [{ ...entry, ...until }], actorOf(principal));
        const page = { msisdn, list, entity, after: ['', '', ''] as const, limit: 1 };
        const [row] = await rules.suppressions(tx, page);
        return suppressionToApi(row as SuppressionRow);
      });
    },
  });
  apiRoute(app, {
    ...{ method: 'DELETE', url, ...WRITE },
    summary: 'Take a number off a list',
    schema: {
      querystring: Type.Object({
        msisdn: MsisdnText,
        list: ListName,
        entity: Type.Optional(EntityKey),
      }),
      response: Type.Object({ removed: Type.Boolean() }),
    },
    handler: async ({ principal, query }) => {
      const { entity = '', list } = query;
      const of = { list, entity, msisdn: readAnyMsisdn(query.msisdn, plans()) };
      await database.transaction((tx) => rules.unsuppress(tx, of, actorOf(principal)));
      return { removed: true };
    },
  });
}

const Consent = Type.Object({
  consent: Type.String({ description: 'con_…' }),
  msisdn: Type.String(),
  entity: Type.String(),
  purpose: Type.String(),
  proof: Type.String(),
  reference: Type.String(),
  given_at: Instant,
  expires_at: Type.Union([Instant, Type.Null()]),
  withdrawn_at: Type.Union([Instant, Type.Null()]),
});

function consentToApi({ id, ...row }: ConsentRow) {
  const { entity, expires_at, given_at, msisdn, proof, purpose, reference, withdrawn_at } = row;
  const what = { consent: formatRowId('con', id), msisdn, entity, purpose, proof, reference };
  return { ...what, given_at, expires_at, withdrawn_at };
}

function consentRoutes(app: HttpApp, { database, plans, rules }: PeopleOptions): void {
  const url = '/v1/rules/consents';
  apiRoute(app, {
    ...{ method: 'GET', url, ...READ },
    summary: 'Consents, newest first',
    schema: {
      querystring: Type.Intersect([
        Type.Object({ msisdn: Type.Optional(MsisdnText), entity: Type.Optional(EntityKey) }),
        PageQuery,
      ]),
      response: pageSchema(Consent),
    },
    handler: async ({ query }) => {
      const { cursor, entity = null, limit } = query;
      const msisdn = query.msisdn === undefined ? null : readAnyMsisdn(query.msisdn, plans());
      const before = beforeOf(cursor, 'con');
      const page = { msisdn, entity, before, limit: limit + 1 };
      const rows = await rules.consents(database.pool, page);
      return pageOf(rows.map(consentToApi), limit, {
        item: (one) => one,
        positionOf: (one) => [one.consent],
      });
    },
  });
  apiRoute(app, {
    ...{ method: 'PUT', url, ...WRITE },
    summary: 'Keep a consent with its proof',
    description: 'The same proof said again is the same consent.',
    schema: {
      body: Type.Object({
        msisdn: MsisdnText,
        entity: EntityKey,
        purpose: SetId,
        proof: Type.String({
          pattern: '^[a-z][a-z0-9-]{0,59}$',
          description: 'What kind of proof there is: a law says which are good enough.',
        }),
        reference: Words(500),
        given_at: Instant,
        expires_at: Type.Optional(Instant),
      }),
      response: Consent,
    },
    handler: async ({ body, principal }) => {
      const { entity, proof, purpose, reference } = body;
      const consent = {
        ...{ msisdn: readAnyMsisdn(body.msisdn, plans()), entity, purpose, proof, reference },
        ...{ given_at: new Date(body.given_at), expires_at: orNull(body.expires_at) },
      };
      const added = await database.transaction((tx) =>
        rules.addConsent(tx, consent, actorOf(principal)),
      );
      return consentToApi(added);
    },
  });
  apiRoute(app, {
    ...{ method: 'POST', url: `${url}/:id/withdraw`, ...WRITE },
    summary: 'Withdraw a consent, from now on',
    description: 'Harmless when it is repeated. The consent stays on record.',
    schema: { params: Type.Object({ id: Type.String({ maxLength: 30 }) }), response: Consent },
    handler: async ({ params, principal }) => {
      const id = parseRowId('con', params.id);
      const consent = await database.transaction((tx) =>
        rules.withdrawConsent(tx, id, actorOf(principal)),
      );
      return consentToApi(consent);
    },
  });
}

const Override = Type.Object({
  override: Type.String({ description: 'ovr_…' }),
  person: Type.String(),
  entity: Type.String(),
  set: Type.String(),
  rule: Type.String(),
  limit: Type.Union([Type.Integer(), Type.Null()]),
  windows: Type.Union([WindowsByDay, Type.Null()]),
  document: Type.String(),
  from: Instant,
  to: Type.Union([Instant, Type.Null()]),
  ended_at: Type.Union([Instant, Type.Null()]),
});

function overrideToApi(row: OverrideRow): Static<typeof Override> | object {
  const { document, ended_at, entity, id, most, person, rule, rule_set: set, windows } = row;
  const what = { override: formatRowId('ovr', id), person, entity, set, rule, limit: most };
  return { ...what, windows, document, from: row.valid_from, to: row.valid_to, ended_at };
}

const OverrideBody = Type.Object({
  person: Person,
  entity: EntityKey,
  set: SetId,
  rule: SetId,
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000_000 })),
  windows: Type.Optional(WindowsByDay),
  document: Words(500),
  from: Instant,
  to: Type.Optional(Instant),
});

function overrideRoutes(app: HttpApp, { database, rules }: PeopleOptions): void {
  const url = '/v1/rules/overrides';
  apiRoute(app, {
    ...{ method: 'GET', url, ...READ },
    summary: 'Agreements with people, newest first',
    schema: {
      querystring: Type.Intersect([
        Type.Object({ person: Type.Optional(Person), entity: Type.Optional(EntityKey) }),
        PageQuery,
      ]),
      response: pageSchema(Override),
    },
    handler: async ({ query }) => {
      const { cursor, entity = null, limit, person = null } = query;
      const page = { person, entity, before: beforeOf(cursor, 'ovr'), limit: limit + 1 };
      const rows = await rules.overrides(database.pool, page);
      return pageOf(rows, limit, {
        item: overrideToApi as (row: OverrideRow) => Static<typeof Override>,
        positionOf: ({ id }) => [formatRowId('ovr', id)],
      });
    },
  });
  apiRoute(app, {
    ...{ method: 'POST', url, status: 201, ...WRITE },
    summary: 'Keep an agreement with a person',
    description:
      'Another limit, or other hours, in place of a rule’s, where the law lets people agree on it. `person`: who it is to the ' +
      'entity, or a number in E.164.',
    schema: { body: OverrideBody, response: Override },
    handler: async ({ body, principal }) => {
      const { document, entity, person, rule, set } = body;
      const given = {
        ...{ person, entity, rule_set: set, rule, document, most: body.limit ?? null },
        ...{ windows: body.windows ?? null, valid_from: new Date(body.from) },
        valid_to: orNull(body.to),
      };
      const added = await database.transaction((tx) =>
        rules.addOverride(tx, given, actorOf(principal)),
      );
      return overrideToApi(added) as Static<typeof Override>;
    },
  });
  apiRoute(app, {
    ...{ method: 'POST', url: `${url}/:id/end`, ...WRITE },
    summary: 'End an agreement, from now on',
    description: 'Harmless when it is repeated.',
    schema: { params: Type.Object({ id: Type.String({ maxLength: 30 }) }), response: Override },
    handler: async ({ params, principal }) => {
      const id = parseRowId('ovr', params.id);
      const ended = await database.transaction((tx) =>
        rules.endOverride(tx, id, actorOf(principal)),
      );
      return overrideToApi(ended) as Static<typeof Override>;
    },
  });
}

function beforeOf(cursor: string | undefined, prefix: string): bigint | null {
  return cursor === undefined ? null : parseRowId(prefix, readCursor(cursor, 1)[0] ?? '', 'cursor');
}
