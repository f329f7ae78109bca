import type { Clock } from '#clock';
import type { Database } from '#database';
import { measureText } from '#gsm';
import { apiRoute, type HttpApp, Instant, idempotentRoute, type SendableOf, Type } from '#http';
import type { Rules } from '#rules';
import { fail } from '#sms/errors';
import { deleteKeyword, readKeywords, saveKeyword, spellKeyword } from '#sms/incoming';
import { readReceiverUrl } from '#webhooks';
import { mustBeText, mustBeWords } from './message-text.ts';
import { EntityKey } from './shapes.ts';
import { variablesOf } from './template.ts';
import { insertTemplate, listTemplates, type TemplateRow } from './template-store.ts';

export interface TextRoutesOptions {
  readonly database: Database;
  readonly clock: Clock;
  readonly rules: Rules;
}

const TEXT_LENGTH_MAX = 2000;
const TemplateName = Type.String({ pattern: '^[a-z][a-z0-9_-]{0,59}$' });
const Template = Type.Object({
  entity: Type.String(),
  name: Type.String(),
  version: Type.Integer(),
  text: Type.String(),
  variables: Type.Array(Type.String()),
  segments: Type.Integer({ description: 'Of the text as it stands, with its places.' }),
  created_at: Instant,
  created_by: Type.String(),
});
const ShortCode = Type.String({ minLength: 1, maxLength: 20 });
const Keyword = Type.Object({
  short_code: ShortCode,
  keyword: Type.String({
    ...{ maxLength: 60, description: 'Its first words; empty takes what no other keyword does.' },
  }),
  entity: EntityKey,
  callback_url: Type.Optional(Type.String({ maxLength: 2000 })),
});

/** `/v1/sms/templates` and `/v1/sms/keywords`. */
export function registerTextRoutes(app: HttpApp, options: TextRoutesOptions): void {
  registerTemplates(app, options);
  registerKeywords(app, options);
}

function registerTemplates(app: HttpApp, { clock, database, rules }: TextRoutesOptions): void {
  const common = { tag: 'sms', scope: 'sms:admin' } as const;
  const Params = Type.Object({ entity: EntityKey, name: TemplateName });
  apiRoute(app, {
    ...{ ...common, method: 'GET', url: '/v1/sms/templates/:entity' },
    summary: 'List the texts of an entity',
    schema: {
      params: Type.Object({ entity: EntityKey }),
      response: Type.Object({ items: Type.Array(Template) }),
    },
    handler: async ({ params }) => ({
      items: (await listTemplates(database.pool, params.entity)).map(toApi),
    }),
  });
  idempotentRoute(app, {
    ...{ ...common, url: '/v1/sms/templates/:entity/:name' },
    summary: 'Write a text, or its next version',
    description:
      'Places for variables are written `{name}`. What was sent keeps the version it was sent with.',
    schema: {
      params: Params,
      body: Type.Object({ text: Type.String({ minLength: 1, maxLength: TEXT_LENGTH_MAX }) }),
      response: Template,
    },
    handler: async ({ body, params: { entity, name }, principal, tx }) => {
      mustKnow(rules, entity);
      mustBeText(body.text);
      return toApi(
        await insertTemplate(tx, {
          ...{ entity, name, body: body.text, created_at: clock.now(), created_by: principal.name },
        }),
      );
    },
  });
}

function mustKnow(rules: Rules, entity: string): void {
  if (rules.entity(entity) !== undefined) return;
  throw fail(
    'entity_unknown',
    `There is no legal entity ${entity}: make it with PUT /v1/rules/entities/${entity}.`,
    {
      faults: [{ field: 'entity', message: 'is not known to the rules' }],
    },
  );
}

function toApi(row: TemplateRow): SendableOf<typeof Template> {
  return {
    ...{ entity: row.entity, name: row.name, version: row.version, text: row.body },
    ...{ variables: [...variablesOf(row.body)], segments: measureText(row.body).segments },
    ...{ created_at: row.created_at, created_by: row.created_by },
  };
}

function registerKeywords(app: HttpApp, { database, rules }: TextRoutesOptions): void {
  const common = { tag: 'sms', scope: 'sms:admin' } as const;
  apiRoute(app, {
    ...{ ...common, method: 'GET', url: '/v1/sms/keywords' },
    summary: 'List whose incoming messages are whose',
    schema: { response: Type.Object({ items: Type.Array(Keyword) }) },
    handler: async () => ({
      items: (await readKeywords(database.pool)).map(({ callback_url, ...row }) => ({
        ...row,
        ...(callback_url === null ? {} : { callback_url }),
      })),
    }),
  });
  idempotentRoute(app, {
    ...{ ...common, url: '/v1/sms/keywords' },
    summary: 'Give a keyword to an entity',
    description:
      'Messages that begin with it are told to the entity by the webhook `sms.received`, and STOP among them stops that ' +
      'entity only.',
    schema: { body: Keyword, response: Keyword },
    handler: async ({ body, tx }) => {
      mustKnow(rules, body.entity);
      mustBeWords('short_code', body.short_code);
      const { callback_url: given, ...rest } = body;
      const callbackUrl = given === undefined ? null : readReceiverUrl(given, 'callback_url').href;
      const keyword = spellKeyword(body.keyword);
      await saveKeyword(tx, { ...rest, keyword, callback_url: callbackUrl });
      return { ...rest, keyword, ...(callbackUrl === null ? {} : { callback_url: callbackUrl }) };
    },
  });
  apiRoute(app, {
    ...{ ...common, method: 'DELETE', url: '/v1/sms/keywords/:short_code' },
    summary: 'Take a keyword back',
    schema: {
      params: Type.Object({ short_code: ShortCode }),
      querystring: Type.Object({ keyword: Type.String({ maxLength: 60, default: '' }) }),
      response: Type.Object({ deleted: Type.Boolean() }),
    },
    handler: async ({ params, query }) => {
      mustBeWords('short_code', params.short_code);
      const keyword = spellKeyword(query.keyword);
      const deleted = await database.transaction((tx) =>
        deleteKeyword(tx, { shortCode: params.short_code, keyword }),
      );
      if (!deleted)
        throw fail('keyword_unknown', `${params.short_code} has no keyword “${keyword}”.`);
      return { deleted };
    },
  });
}
