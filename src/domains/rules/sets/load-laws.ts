import type { Clock } from '#clock';
import type { Database, Tx } from '#database';
import type { Log } from '#log';
import { insertChanges, raiseRevision } from '#rules/audit-store';
import type { RuleSet } from '#rules/decision';
import type { Laws } from '#rules/laws';
import type { CalendarYear } from '#rules/local-time';
import { findVersionsOfPlaces, insertCalendar } from './calendar-store.ts';
import { findVersions, writeDraft, writeStatus } from './rule-set-store.ts';
import { newSetOf } from './rule-sets.ts';

const ACTOR = 'kopek';

interface Loading {
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Log;
  readonly laws: Laws;
}

/**
 * Writes down the laws and calendars that come with Kopek and that the database does not have yet. A law that it has
 * never had holds at once; a newer version of one that it has is a draft, which people try on past traffic and activate.
 * Two copies that start at once do it one after the other, and the second finds nothing to do.
 */
export async function loadLaws(loading: Loading): Promise<void> {
  const { database, laws } = loading;
  if (isNothing(await findMissing(database.pool, laws))) return;
  await database.transaction(async (tx) => {
    await raiseRevision(tx);
    const missing = await findMissing(tx, laws);
    for (const set of missing.sets) await writeSet(tx, set, { ...loading, known: missing.known });
    for (const year of missing.calendars) await writeYear(tx, year, loading);
  });
}

interface Missing {
  readonly sets: readonly RuleSet[];
  readonly calendars: readonly CalendarYear[];
  /** Sets of which some version is there. */
  readonly known: ReadonlySet<string>;
}

async function findMissing(executor: Tx | Database['pool'], laws: Laws): Promise<Missing> {
  const versions = await findVersions(
    executor,
    laws.sets.map(({ id }) => id),
  );
  const there = new Set(versions.map(({ id, version }) => `${id}@${version}`));
  const years = await findVersionsOfPlaces(executor, laws.calendars);
  return {
    sets: laws.sets.filter(({ id, version }) => !there.has(`${id}@${version}`)),
    calendars: laws.calendars.filter((year) => (years.get(placeOf(year)) ?? 0) < year.version),
    known: new Set(versions.map(({ id }) => id)),
  };
}

const isNothing = ({ calendars, sets }: Missing) => calendars.length === 0 && sets.length === 0;
const placeOf = ({ country, region, year }: CalendarYear) => `${region ?? country}/${year}`;

async function writeSet(
  tx: Tx,
  set: RuleSet,
  { clock, known, log }: Loading & { readonly known: ReadonlySet<string> },
): Promise<void> {
  const { id, version } = set;
  const at = clock.now();
  await writeDraft(tx, { ...newSetOf(set), builtIn: true, savedAt: at, savedBy: ACTOR });
  const holds = set.status === 'active' && !known.has(id);
  if (holds) await writeStatus(tx, { id, version, status: 'active', at });
  else log.info({ set: `${id}@${version}` }, 'a version of a law came with Kopek, as a draft');
  const action = holds ? 'set.activate' : 'set.draft';
  const after = { status: holds ? 'active' : 'draft', effective: set.effective };
  await insertChanges(tx, [{ at, actor: ACTOR, action, subject: `set:${id}@${version}`, after }]);
}

/** It keeps its number: a year that people have imported since is of a higher one, and goes on to hold. */
async function writeYear(tx: Tx, year: CalendarYear, { clock }: Loading): Promise<void> {
  const at = clock.now();
  await insertCalendar(tx, { ...year, savedAt: at, savedBy: ACTOR });
  const subject = `calendar:${placeOf(year)}`;
  const action = 'calendar.save';
  await insertChanges(tx, [{ at, actor: ACTOR, action, subject, after: year.days }]);
}
