import {
  apiRoute,
  type HttpApp,
  Instant,
  MsisdnText,
  PageQuery,
  pageOf,
  pageSchema,
  readCursor,
  Type,
} from '#http';
import { type NumberPlan, readAnyMsisdn } from '#phone';
import type { Reports } from './create-reports.ts';
import { fail } from './errors.ts';
import type { StoryEvent, StoryPosition } from './story.ts';

const TimelineEvent = Type.Object({
  at: Instant,
  kind: Type.String({ description: 'What happened to what, such as `subscription.charged`.' }),
  subject: Type.String({ description: 'The public id of the thing, such as `sub_…`.' }),
  detail: Type.Record(Type.String(), Type.Unknown(), {
    description: 'Facts of the event, without secrets; amounts in minor units.',
  }),
});

export interface ReportsRoutesOptions {
  readonly reports: Pick<Reports, 'story'>;
  /** By which spellings of numbers are read; asked for each call. */
  readonly plans: () => readonly NumberPlan[];
}

/** `GET /v1/timeline`: a customer's story, in pages. */
export function registerReportsRoutes(app: HttpApp, options: ReportsRoutesOptions): void {
  apiRoute(app, {
    method: 'GET',
    url: '/v1/timeline',
    scope: 'timeline:read',
    tag: 'timeline',
    summary: "A customer's story",
    description:
      'Everything that happened to one phone number, oldest first: clicks, consent, subscriptions, charges, ' +
      'messages, content. A number that nothing is known of has an empty story.',
    schema: {
      querystring: Type.Object({ msisdn: MsisdnText, ...PageQuery.properties }),
      response: pageSchema(TimelineEvent),
    },
    handler: async ({ query }) => {
      const msisdn = readAnyMsisdn(query.msisdn, options.plans());
      const after = query.cursor === undefined ? undefined : readPosition(query.cursor);
      const limit = query.limit + 1;
      const events = await options.reports.story(msisdn, after ? { after, limit } : { limit });
      return pageOf(events, query.limit, { item: toApi, positionOf: toCursor });
    },
  });
}

function toApi({ at, kind, subject, detail }: StoryEvent) {
  return { at, kind, subject, detail };
}

function toCursor({ position }: StoryEvent) {
  return [position.at, position.messageId, position.place];
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const PLACE = /^[0-9]{1,4}$/;

function readPosition(cursor: string): StoryPosition {
  const [at = '', messageId = '', place = ''] = readCursor(cursor, 3);
  const valid = !Number.isNaN(Date.parse(at)) && at.endsWith('Z');
  if (valid && UUID.test(messageId) && PLACE.test(place)) {
    return { at, messageId, place: Number(place) };
  }
  throw fail('cursor_invalid', 'This cursor is not of a timeline.', {
    faults: [{ field: 'cursor', message: 'must be next_cursor of the page before' }],
  });
}
