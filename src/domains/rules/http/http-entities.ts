import type { Principal } from '#auth';
import type { Database, Tx } from '#database';
import {
  apiRoute,
  type HttpApp,
  Instant,
  PageQuery,
  pageOf,
  pageSchema,
  readCursor,
  type Static,
  Type,
} from '#http';
import type { Rules } from '#rules/create-rules';
import { WindowsByDay } from '#rules/decision';
import { unknownEntity, unknownProvider } from '#rules/entities';
import { Words } from '#rules/entity';
import { fail } from '#rules/errors';
import {
  EntityKey,
  EntityShape,
  entityToApi,
  PairShape,
  ProviderName,
  ProviderShape,
  pairToApi,
  providerToApi,
  READ,
  SenderShape,
  SettingsShape,
  settingsFromApi,
  WRITE,
} from './http-shapes.ts';

interface Options {
  readonly rules: Rules;
  readonly database: Database;
}

const Key = Type.Object({ key: EntityKey });
const Pair = Type.Object({ key: EntityKey, provider: ProviderName });

/** Who did it, for the audit: a name for people, and the key's id, which is never used again. */
export function actorOf({ id, name }: Principal): string {
  return `${name} (${id})`;
}

/** In a transaction of its own; what is held in memory knows of it before the answer is given. */
export async function change<Result>(
  { database, rules }: Options,
  work: (tx: Tx) => Promise<Result>,
): Promise<Result> {
  const result = await database.transaction(work);
  await rules.refresh();
  return result;
}

/** `/v1/rules/entities` and `/v1/rules/providers`: who sends, through whom, and when. */
export function registerEntityRoutes(app: HttpApp, options: Options): void {
  entityRoutes(app, options);
  standardTimeRoutes(app, options);
  providerRoutes(app, options);
  pairRoutes(app, options);
}

function entityRoutes(app: HttpApp, options: Options): void {
  const { rules } = options;
  apiRoute(app, {
    ...{ method: 'GET', url: '/v1/rules/entities', ...READ },
    summary: 'Legal entities with their settings',
    schema: { querystring: PageQuery, response: pageSchema(EntityShape) },
    handler: async ({ query }) => page(rules.entities(), query, (one) => one.key, entityToApi),
  });
  apiRoute(app, {
    ...{ method: 'GET', url: '/v1/rules/entities/:key', ...READ },
    summary: 'One legal entity',
    schema: { params: Key, response: EntityShape },
    handler: async ({ params }) => entityToApi(mustFind(rules, params.key)),
  });
  apiRoute(app, {
    ...{ method: 'PUT', url: '/v1/rules/entities/:key', ...WRITE },
    summary: 'Add a legal entity, or edit it',
    description:
      'It is replaced as a whole: settings that are left out are gone. Its creditor group stays, and whether it is active, ' +
      'unless told otherwise.',
    schema: {
      params: Key,
      body: Type.Object({
        name: Words(200),
        creditor_group: Type.Optional(Words(200)),
        active: Type.Optional(Type.Boolean()),
        settings: Type.Optional(SettingsShape),
      }),
      response: EntityShape,
    },
    handler: async ({ body, params: { key }, principal }) => {
      const { active, creditor_group: creditorGroup, name, settings } = body;
      const entity = {
        ...{ key, name },
        ...(creditorGroup === undefined ? {} : { creditorGroup }),
        ...(active === undefined ? {} : { active }),
        ...(settings === undefined ? {} : { settings: settingsFromApi(settings) }),
      };
      await change(options, (tx) => rules.saveEntity(tx, entity, actorOf(principal)));
      return entityToApi(mustFind(rules, key));
    },
  });
  apiRoute(app, {
    ...{ method: 'GET', url: '/v1/rules/entities/:key/settings', ...READ },
    summary: 'Settings of a legal entity',
    schema: { params: Key, response: SettingsShape },
    handler: async ({ params }) => entityToApi(mustFind(rules, params.key)).settings,
  });
  apiRoute(app, {
    ...{ method: 'PUT', url: '/v1/rules/entities/:key/settings', ...WRITE },
    summary: 'Replace the settings of a legal entity',
    schema: { params: Key, body: SettingsShape, response: SettingsShape },
    handler: async ({ body, params: { key }, principal }) => {
      const entity = { ...mustFind(rules, key), settings: settingsFromApi(body) };
      await change(options, (tx) => rules.saveEntity(tx, entity, actorOf(principal)));
      return entityToApi(mustFind(rules, key)).settings;
    },
  });
}

const StandardTime = Type.Object({
  standard_time: Type.Union([WindowsByDay, Type.Null()], {
    description: 'Null: whatever the laws allow.',
  }),
});
const WallTime = Type.String({ pattern: '^([01][0-9]|2[0-3]):[0-5][0-9]$|^24:00$' });

function standardTimeRoutes(app: HttpApp, options: Options): void {
  const { rules } = options;
  const url = '/v1/rules/entities/:key/standard-time';
  const answer = (key: string) => ({
    standard_time: mustFind(rules, key).settings.standardTime ?? null,
  });
  apiRoute(app, {
    ...{ method: 'GET', url, ...READ },
    summary: 'The standard allowed time of sending',
    schema: { params: Key, response: StandardTime },
    handler: async ({ params }) => answer(params.key),
  });
  apiRoute(app, {
    ...{ method: 'PUT', url, ...WRITE },
    summary: 'Set the standard allowed time of sending',
    description:
      'Either `from` and `to`, the same on every day, or `windows` by kind of day. In the recipient’s local time, beside ' +
      'whatever the laws say: the stricter holds.',
    schema: {
      params: Key,
      body: Type.Object({
        from: Type.Optional(WallTime),
        to: Type.Optional(WallTime),
        windows: Type.Optional(WindowsByDay),
      }),
      response: StandardTime,
    },
    handler: async ({ body, params: { key }, principal }) => {
      await setStandardTime(options, { key, windows: readWindows(body), by: principal });
      return answer(key);
    },
  });
  apiRoute(app, {
    ...{ method: 'DELETE', url, ...WRITE },
    summary: 'Let an entity send whenever the laws allow',
    schema: { params: Key, response: StandardTime },
    handler: async ({ params: { key }, principal }) => {
      await setStandardTime(options, { key, windows: undefined, by: principal });
      return answer(key);
    },
  });
}

async function setStandardTime(
  options: Options,
  given: {
    readonly key: string;
    readonly windows: Static<typeof WindowsByDay> | undefined;
    readonly by: Principal;
  },
): Promise<void> {
  const { by, key, windows } = given;
  const entity = mustFind(options.rules, key);
  const { standardTime: _, ...others } = entity.settings;
  const settings = windows ? { ...others, standardTime: windows } : others;
  await change(options, (tx) => options.rules.saveEntity(tx, { ...entity, settings }, actorOf(by)));
}

function readWindows(body: {
  readonly from?: string;
  readonly to?: string;
  readonly windows?: Static<typeof WindowsByDay>;
}): Static<typeof WindowsByDay> {
  const { from, to, windows } = body;
  if (windows && from === undefined && to === undefined) return windows;
  if (windows || from === undefined || to === undefined)
    throw standardTimeInvalid('from', 'must be given with to, or windows alone');
  if (from >= to)
    throw standardTimeInvalid('to', 'must be later than from: hours over midnight are two windows');
  return { work: [[from, to]], off: [[from, to]] };
}

function standardTimeInvalid(field: string, message: string): Error {
  return fail('entity_invalid', `The standard time can not be set: ${field} ${message}.`, {
    faults: [{ field, message }],
  });
}

function providerRoutes(app: HttpApp, options: Options): void {
  const { rules } = options;
  apiRoute(app, {
    ...{ method: 'GET', url: '/v1/rules/providers', ...READ },
    summary: 'Providers that the rules know',
    schema: { querystring: PageQuery, response: pageSchema(ProviderShape) },
    handler: async ({ query }) => page(rules.providers(), query, (one) => one.name, providerToApi),
  });
  apiRoute(app, {
    ...{ method: 'PUT', url: '/v1/rules/providers/:provider', ...WRITE },
    summary: 'Add a provider, edit it, or switch it off for all',
    description: 'One that is switched off stays so until `enabled` says otherwise.',
    schema: {
      params: Type.Object({ provider: ProviderName }),
      body: Type.Object({
        title: Words(200),
        enabled: Type.Optional(Type.Boolean()),
        country: Type.Optional(Type.String({ pattern: '^[A-Z]{2}$' })),
      }),
      response: ProviderShape,
    },
    handler: async ({ body, params: { provider: name }, principal }) => {
      const { country, enabled, title } = body;
      const provider = {
        ...{ name, title },
        ...(enabled === undefined ? {} : { enabled }),
        ...(country === undefined ? {} : { country }),
      };
      await change(options, (tx) => rules.saveProvider(tx, provider, actorOf(principal)));
      const saved = rules.providers().find((one) => one.name === name);
      if (!saved) throw unknownProvider(name);
      return providerToApi(saved);
    },
  });
}

function pairRoutes(app: HttpApp, options: Options): void {
  const { rules } = options;
  apiRoute(app, {
    ...{ method: 'GET', url: '/v1/rules/entities/:key/providers', ...READ },
    summary: 'Providers that an entity may use, in the order in which they are tried',
    schema: { params: Key, response: Type.Object({ items: Type.Array(PairShape) }) },
    handler: async ({ params: { key } }) => {
      mustFind(rules, key);
      return { items: rules.providersOf(key).map(pairToApi) };
    },
  });
  apiRoute(app, {
    ...{ method: 'PUT', url: '/v1/rules/entities/:key/providers/:provider', ...WRITE },
    summary: 'Let an entity use a provider',
    description: 'Said again it replaces senders, rank and times.',
    schema: {
      params: Pair,
      body: Type.Object({
        senders: Type.Array(SenderShape, { maxItems: 200 }),
        rank: Type.Optional(Type.Integer({ minimum: 0, maximum: 10_000 })),
        since: Type.Optional(Instant),
        until: Type.Optional(Instant),
      }),
      response: PairShape,
    },
    handler: async ({ body, params: { key, provider }, principal }) => {
      const pair = {
        ...{ entity: key, provider, senders: body.senders },
        ...(body.rank === undefined ? {} : { rank: body.rank }),
        ...(body.since === undefined ? {} : { since: new Date(body.since) }),
        ...(body.until === undefined ? {} : { until: new Date(body.until) }),
      };
      await change(options, (tx) => rules.allowProvider(tx, pair, actorOf(principal)));
      const saved = rules.providersOf(key).find((one) => one.provider === provider);
      if (!saved) throw notAllowed(key, provider);
      return pairToApi(saved);
    },
  });
  apiRoute(app, {
    ...{ method: 'DELETE', url: '/v1/rules/entities/:key/providers/:provider', ...WRITE },
    summary: 'Do not let an entity use a provider any more',
    schema: { params: Pair, response: Type.Object({ removed: Type.Boolean() }) },
    handler: async ({ params: { key, provider }, principal }) => {
      const pair = { entity: key, provider };
      const removed = await change(options, (tx) =>
        rules.forbidProvider(tx, pair, actorOf(principal)),
      );
      return { removed };
    },
  });
}

function notAllowed(entity: string, provider: string): Error {
  return fail('provider_not_of_entity', `${entity} may not use ${provider}.`);
}

export function mustFind(rules: Rules, key: string) {
  const entity = rules.entity(key);
  if (!entity) throw unknownEntity(key);
  return entity;
}

/** Of a list that is held in memory, sorted by its key. */
function page<Row, Item>(
  rows: readonly Row[],
  query: { readonly limit: number; readonly cursor?: string },
  keyOf: (row: Row) => string,
  item: (row: Row) => Item,
) {
  const { cursor, limit } = query;
  const after = cursor === undefined ? '' : (readCursor(cursor, 1)[0] ?? '');
  const rest = rows.filter((row) => keyOf(row) > after).slice(0, limit + 1);
  return pageOf(rest, limit, { item, positionOf: (row) => [keyOf(row)] });
}
