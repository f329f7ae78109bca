import { type Executor, sql } from '#database';
import type { PipelineEvent, StoryEvent, StoryPosition } from './story.ts';

interface EventRow {
  readonly story: string;
  readonly at: Date;
  readonly at_exactly: string;
  readonly message_id: string;
  readonly place: number;
  readonly kind: string;
  readonly subject: string;
  readonly detail: Readonly<Record<string, unknown>>;
}

/** A number has a handful of visits; one that has more is a robot's, and shows its newest. */
const VISITS_MOST = 200;

const COLUMNS = sql.raw(
  `story, at, message_id, place, kind, subject, detail,
   to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as at_exactly`,
);

/** The number's own lines and those of its visits from before it was known: names of stories. */
function storiesOf(msisdn: string) {
  return sql`(
    select ${msisdn}::text as name
    union all
    (select hit from reports.visit where msisdn = ${msisdn} order by at desc limit ${VISITS_MOST})
  )`;
}

/** From the beginning, or from behind `after`, in order. */
export async function readStory(
  executor: Executor,
  input: { readonly msisdn: string; readonly after?: StoryPosition; readonly limit: number },
): Promise<StoryEvent[]> {
  const { after, limit, msisdn } = input;
  const behind = after
    ? sql`and (t.at, t.message_id, t.place)
        > (${after.at}::timestamptz, ${after.messageId}::uuid, ${after.place}::smallint)`
    : sql``;
  const { rows } = await sql<EventRow>`
    select ${COLUMNS} from ${storiesOf(msisdn)} of_it
    cross join lateral (
      select * from reports.timeline t where t.story = of_it.name ${behind}
      order by t.at, t.message_id, t.place limit ${limit}
    ) line
    order by at, message_id, place limit ${limit}`.execute(executor);
  return rows.map(fromRow);
}

/** The newest `limit` lines, in order. */
export async function readNewestOfStory(
  executor: Executor,
  input: { readonly msisdn: string; readonly limit: number },
): Promise<StoryEvent[]> {
  const { limit, msisdn } = input;
  const { rows } = await sql<EventRow>`
    select ${COLUMNS} from ${storiesOf(msisdn)} of_it
    cross join lateral (
      select * from reports.timeline t where t.story = of_it.name
      order by t.at desc, t.message_id desc, t.place desc limit ${limit}
    ) line
    order by at desc, message_id desc, place desc limit ${limit}`.execute(executor);
  return rows.reverse().map(fromRow);
}

/** Everybody's newest lines from `since` on, at most `limit`, in order. */
export async function readPipeline(
  executor: Executor,
  input: { readonly since: Date; readonly limit: number },
): Promise<PipelineEvent[]> {
  const { rows } = await sql<EventRow>`
    select ${COLUMNS} from reports.timeline where at >= ${input.since}
    order by at desc, message_id desc, place desc limit ${input.limit}`.execute(executor);
  return rows.reverse().map((row) => ({ story: row.story, ...fromRow(row) }));
}

function fromRow(row: EventRow): StoryEvent {
  const position = { at: row.at_exactly, messageId: row.message_id, place: row.place };
  return { at: row.at, kind: row.kind, subject: row.subject, detail: row.detail, position };
}
