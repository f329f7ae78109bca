import { type Executor, sql, type Tx } from '#database';
import type { CalendarYear } from '#rules/local-time';

interface CalendarRow extends Omit<CalendarYear, 'region'> {
  readonly region: string;
  readonly saved_at: Date;
  readonly saved_by: string;
}

/** A year as it is written down, and by whom. */
export interface SavedCalendar extends CalendarYear {
  readonly savedAt: Date;
  readonly savedBy: string;
}

const SELECT = sql.raw(`
  select c.country, c.region, c.year, c.version, c.source, c.saved_at, c.saved_by,
    (select coalesce(jsonb_object_agg(to_char(d.day, 'MM-DD'), d.kind), '{}') from rules.calendar_day d
     where (d.country, d.region, d.year, d.version) = (c.country, c.region, c.year, c.version)) as days
  from rules.calendar c`);

/** Of each country, region and year the version that holds. */
export async function readCalendars(executor: Executor): Promise<readonly SavedCalendar[]> {
  const { rows } = await sql<CalendarRow>`${SELECT}
    where c.version = (select max(n.version) from rules.calendar n
      where (n.country, n.region, n.year) = (c.country, c.region, c.year))
    order by c.country, c.region, c.year`.execute(executor);
  return rows.map(fromRow);
}

export async function findCalendar(
  executor: Executor,
  of: { readonly country: string; readonly region: string; readonly year: number },
): Promise<SavedCalendar | undefined> {
  const { rows } = await sql<CalendarRow>`${SELECT}
    where c.country = ${of.country} and c.region = ${of.region} and c.year = ${of.year}
    order by c.version desc limit 1`.execute(executor);
  return rows.map(fromRow)[0];
}

function fromRow({ region, saved_at, saved_by, ...year }: CalendarRow): SavedCalendar {
  return { ...year, ...(region === '' ? {} : { region }), savedAt: saved_at, savedBy: saved_by };
}

/** The version that holds of each of these places and years, by `RU/2026` or `RU-TA/2026`. */
export async function findVersionsOfPlaces(
  executor: Executor,
  of: readonly Pick<CalendarYear, 'country' | 'region' | 'year'>[],
): Promise<ReadonlyMap<string, number>> {
  const { rows } = await sql<{ place: string; year: number; version: number }>`
    select coalesce(nullif(c.region, ''), c.country) as place, c.year, max(c.version) as version
    from rules.calendar c
    join unnest(${of.map(({ country }) => country)}::text[], ${of.map(({ region }) => region ?? '')}::text[],
      ${of.map(({ year }) => year)}::integer[]) as n (country, region, year) using (country, region, year)
    group by 1, 2`.execute(executor);
  return new Map(rows.map(({ place, version, year }) => [`${place}/${year}`, version]));
}

/** Writes another version of a year; older ones stay, for whoever asks what held then. */
export async function insertCalendar(tx: Tx, calendar: SavedCalendar): Promise<void> {
  const { country, region = '', year, version } = calendar;
  const days = Object.entries(calendar.days);
  await sql`
    insert into rules.calendar (country, region, year, version, source, saved_at, saved_by)
    values (${country}, ${region}, ${year}, ${version}, ${calendar.source}, ${calendar.savedAt},
      ${calendar.savedBy})`.execute(tx);
  await sql`
    insert into rules.calendar_day (country, region, year, version, day, kind)
    select ${country}, ${region}, ${year}, ${version}, d.day, d.kind
    from unnest(${days.map(([day]) => `${year}-${day}`)}::date[], ${days.map(([, kind]) => kind)}::text[])
      as d (day, kind)`.execute(tx);
}
