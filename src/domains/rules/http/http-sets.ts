import type { Database } from '#database';
import {
  apiRoute,
  type HttpApp,
  Instant,
  PageQuery,
  pageOf,
  pageSchema,
  readCursor,
  Type,
} from '#http';
import type { Rules } from '#rules/create-rules';
import type { RuleSet } from '#rules/decision';
import { fail } from '#rules/errors';
import type { RuleSetRow } from '#rules/sets';
import { actorOf, change } from './http-entities.ts';
import { oneOf, READ, SetId, WRITE } from './http-shapes.ts';

interface Options {
  readonly rules: Rules;
  readonly database: Database;
}

const Version = Type.Integer({ minimum: 1, maximum: 1_000_000 });
const Params = Type.Object({ id: SetId, version: Version });
const STATUSES = ['draft', 'active', 'retired'] as const;
/** Laws are long: thirty rules with their reasons. */
const BODY_BYTES_MAX = 512 * 1024;

const summary = {
  set: Type.String(),
  version: Type.Integer(),
  title: Type.String(),
  jurisdiction: Type.String(),
  status: oneOf(STATUSES),
  effective_from: Instant,
  effective_to: Type.Union([Instant, Type.Null()]),
  built_in: Type.Boolean({ description: 'It came with Kopek.' }),
  saved_at: Instant,
  saved_by: Type.String(),
};
const Summary = Type.Object(summary);
const Document = Type.Unsafe<RuleSet>({ type: 'object', additionalProperties: true });
const Whole = Type.Object({ ...summary, document: Document });

/** `/v1/rules/sets`: laws and policies, version by version. */
export function registerSetRoutes(app: HttpApp, options: Options): void {
  readRoutes(app, options);
  writeRoutes(app, options);
}

function readRoutes(app: HttpApp, { database, rules }: Options): void {
  apiRoute(app, {
    ...{ method: 'GET', url: '/v1/rules/sets', ...READ },
    summary: 'Rule sets with all their versions',
    schema: {
      querystring: Type.Intersect([
        Type.Object({ set: Type.Optional(SetId), status: Type.Optional(oneOf(STATUSES)) }),
        PageQuery,
      ]),
      response: pageSchema(Summary),
    },
    handler: async ({ query }) => {
      const { cursor, limit, set: id = null, status = null } = query;
      const after = cursor === undefined ? (['', 0] as const) : readPosition(cursor);
      const rows = await rules.sets(database.pool, { id, status, after, limit: limit + 1 });
      return pageOf(rows, limit, {
        item: toSummary,
        positionOf: (row) => [row.id, row.version],
      });
    },
  });
  apiRoute(app, {
    ...{ method: 'GET', url: '/v1/rules/sets/:id/versions/:version', ...READ },
    summary: 'One version of a rule set, with its rules',
    schema: { params: Params, response: Whole },
    handler: async ({ params }) => toWhole(await rules.set(database.pool, params)),
  });
}

function writeRoutes(app: HttpApp, options: Options): void {
  const { rules } = options;
  apiRoute(app, {
    ...{ method: 'PUT', url: '/v1/rules/sets/:id/versions/:version', ...WRITE },
    summary: 'Write a draft',
    description:
      'Until it is activated it may be written again; then a change is another version. `kopek rules preview` tries it on ' +
      'past traffic.',
    schema: { params: Params, body: Document, response: Whole },
    bodyBytesMax: BODY_BYTES_MAX,
    handler: async ({ body, params, principal }) => {
      mustMatch(params, body);
      return toWhole(await change(options, (tx) => rules.saveDraft(tx, body, actorOf(principal))));
    },
  });
  apiRoute(app, {
    ...{ method: 'POST', url: '/v1/rules/sets/:id/versions/:version/activate', ...WRITE },
    summary: 'Let a version hold from its effective.from on',
    description:
      'Harmless when it is repeated. It is refused where another version of the set holds at the same time, unless it comes ' +
      '`in_place` of it: what began earlier then ends where this one begins.',
    schema: {
      params: Params,
      body: Type.Object({ in_place: Type.Optional(Type.Boolean()) }),
      response: Whole,
    },
    handler: async ({ body, params, principal }) => {
      const order = { ...params, inPlace: body.in_place ?? false };
      return toWhole(await change(options, (tx) => rules.activate(tx, order, actorOf(principal))));
    },
  });
  apiRoute(app, {
    ...{ method: 'POST', url: '/v1/rules/sets/:id/versions/:version/retire', ...WRITE },
    summary: 'Let a version hold no more, from now on',
    description: 'Harmless when it is repeated.',
    schema: { params: Params, response: Whole },
    handler: async ({ params, principal }) =>
      toWhole(await change(options, (tx) => rules.retire(tx, params, actorOf(principal)))),
  });
}

function mustMatch(params: { readonly id: string; readonly version: number }, body: unknown) {
  const given = body as Partial<RuleSet>;
  for (const field of ['id', 'version'] as const) {
    if (given[field] === params[field]) continue;
    const message = `must be ${params[field]}, as in the path`;
    throw fail('rule_set_invalid', `The set of rules can't be used: ${field} ${message}.`, {
      faults: [{ field, message }],
    });
  }
}

function toSummary(row: RuleSetRow) {
  const { jurisdiction, title } = row.document as RuleSet;
  return {
    ...{ set: row.id, version: row.version, title, jurisdiction, status: row.status },
    ...{ effective_from: row.effective_from, effective_to: row.effective_to },
    ...{ built_in: row.built_in, saved_at: row.saved_at, saved_by: row.saved_by },
  };
}

function toWhole(row: RuleSetRow) {
  return { ...toSummary(row), document: row.document as never };
}

function readPosition(cursor: string): readonly [string, number] {
  const [id = '', version = ''] = readCursor(cursor, 2);
  return [id, Number(version) || 0];
}
