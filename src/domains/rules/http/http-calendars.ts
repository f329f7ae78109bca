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
import { formatRowId, parseRowId } from '#ids';
import type { Rules } from '#rules/create-rules';
import { Words } from '#rules/entity';
import type { SavedCalendar } from '#rules/sets';
import { actorOf, change } from './http-entities.ts';
import { oneOf, READ, TAG, WRITE } from './http-shapes.ts';

interface Options {
  readonly rules: Rules;
  readonly database: Database;
}

const Params = Type.Object({
  country: Type.String({ pattern: '^[A-Z]{2}$' }),
  year: Type.Integer({ minimum: 2000, maximum: 2100 }),
});
const Region = Type.Object({
  region: Type.Optional(
    Type.String({
      pattern: '^[A-Z]{2}-[A-Z0-9]{1,3}$',
      description: 'ISO 3166-2; without it: the whole country.',
    }),
  ),
});
const Days = Type.Record(Type.String(), oneOf(['work', 'short', 'off', 'holiday'] as const), {
  description: '`01-09` → `off`: days that differ from what their weekday says.',
});
const Calendar = Type.Object({
  country: Type.String(),
  region: Type.Union([Type.String(), Type.Null()]),
  year: Type.Integer(),
  version: Type.Integer(),
  source: Type.String(),
  days: Days,
  saved_at: Instant,
  saved_by: Type.String(),
});

/** `/v1/rules/calendars` and `/v1/rules/audit`. */
export function registerCalendarRoutes(app: HttpApp, options: Options): void {
  const { database, rules } = options;
  const url = '/v1/rules/calendars/:country/:year';
  apiRoute(app, {
    ...{ method: 'GET', url, ...READ },
    summary: 'Working days of a year',
    schema: { params: Params, querystring: Region, response: Calendar },
    handler: async ({ params, query }) =>
      calendarToApi(await rules.calendar(database.pool, { ...params, ...query })),
  });
  apiRoute(app, {
    ...{ method: 'PUT', url, ...WRITE },
    summary: 'Write the working days of a year',
    description: 'The next version of it; the same days again change nothing.',
    schema: {
      params: Params,
      querystring: Region,
      body: Type.Object({ source: Words(1000), days: Days }),
      response: Calendar,
    },
    handler: async ({ body, params, principal, query }) => {
      const { days, source } = body;
      const saved = await change(options, (tx) =>
        rules.saveCalendar(tx, { ...params, ...query, source, days }, actorOf(principal)),
      );
      return calendarToApi(saved);
    },
  });
  auditRoute(app, options);
}

function calendarToApi(saved: SavedCalendar) {
  const { country, days, region = null, savedAt, savedBy, source, version, year } = saved;
  return {
    ...{ country, region, year, version, source, days: days as never },
    ...{ saved_at: savedAt, saved_by: savedBy },
  };
}

const AuditLine = Type.Object({
  line: Type.String({ description: 'aud_…' }),
  at: Instant,
  actor: Type.String(),
  action: Type.String(),
  subject: Type.String(),
  before: Type.Unknown(),
  after: Type.Unknown(),
});

function auditRoute(app: HttpApp, { database, rules }: Options): void {
  apiRoute(app, {
    ...{ method: 'GET', url: '/v1/rules/audit', scope: 'rules:read', ...TAG },
    summary: 'Who changed what, newest first',
    schema: {
      querystring: Type.Intersect([
        Type.Object({
          subject: Type.Optional(
            Type.String({
              maxLength: 200,
              description: 'Such as entity:alfa, set:ru-230fz@4, suppression:+79161234567.',
            }),
          ),
        }),
        PageQuery,
      ]),
      response: pageSchema(AuditLine),
    },
    handler: async ({ query }) => {
      const { cursor, limit, subject = null } = query;
      const before = cursor ? parseRowId('aud', readCursor(cursor, 1)[0] ?? '', 'cursor') : null;
      const rows = await rules.audit(database.pool, { subject, before, limit: limit + 1 });
      return pageOf(rows, limit, {
        item: ({ id, ...row }) => ({ line: formatRowId('aud', id), ...row }),
        positionOf: ({ id }) => [formatRowId('aud', id)],
      });
    },
  });
}
