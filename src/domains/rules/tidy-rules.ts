import type { Clock } from '#clock';
import type { Database } from '#database';
import type { RuleSet } from '#rules/decision';
import { deleteAsked } from './asked-store.ts';
import { deleteChanges } from './audit-store.ts';
import { deleteEmptyScopes, deleteOldPlaces, lockFreeScopes } from './count-store.ts';

export interface Tidied {
  readonly places: number;
  readonly scopes: number;
  readonly asked: number;
  readonly changes: number;
}

/** No rule looks further back than a month; twice that, so that a clock set wrong loses nothing. */
const PLACES_KEPT_DAYS = 62;
/** Where no law says for how long: 230-FZ's year and a half, the longest that Kopek's laws ask for messages. */
const RECORD_KEPT_DEFAULT = 'P18M';
const DAY_MS = 86_400_000;
const ROWS_AT_ONCE = 5000;
/** Of one turn: an hour later there is another. */
const ROUNDS_MAX = 200;

/** Forgets what nothing counts any more, and the record of decisions and changes when every law's time is over. */
export async function tidyRules(options: {
  readonly database: Database;
  readonly clock: Clock;
  readonly sets: readonly RuleSet[];
}): Promise<Tidied> {
  const { clock, database, sets } = options;
  const now = clock.now();
  const limit = ROWS_AT_ONCE;
  const counted = new Date(now.getTime() - PLACES_KEPT_DAYS * DAY_MS);
  const record = recordKeptSince(sets, now);
  return {
    places: await repeat(() => deleteOldPlaces(database.pool, { before: counted, limit })),
    scopes: await tidyScopes(database),
    asked: await repeat(() => deleteAsked(database.pool, { before: record, limit })),
    changes: await repeat(() => deleteChanges(database.pool, { before: record, limit })),
  };
}

/** The longest of what the laws in force ask for. */
export function recordKeptSince(sets: readonly RuleSet[], now: Date): Date {
  const asked = sets.flatMap(({ rules }) =>
    rules.flatMap((rule) => (rule.kind === 'retention' ? [rule.keep] : [])),
  );
  const since = [...asked, RECORD_KEPT_DEFAULT].map((keep) => before(now, keep).getTime());
  return new Date(Math.min(...since));
}

/** `P90D`, `P18M`, `P5Y` before a moment. */
function before(now: Date, keep: string): Date {
  const count = Number(keep.slice(1, -1));
  const at = new Date(now);
  if (keep.endsWith('D')) at.setUTCDate(at.getUTCDate() - count);
  else if (keep.endsWith('M')) at.setUTCMonth(at.getUTCMonth() - count);
  else at.setUTCFullYear(at.getUTCFullYear() - count);
  return at;
}

async function repeat(work: () => Promise<number>): Promise<number> {
  let sum = 0;
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    const done = await work();
    sum += done;
    if (done < ROWS_AT_ONCE) break;
  }
  return sum;
}

/** Locked first and looked at in a statement of its own: whoever was counting in a scope meanwhile keeps it. */
async function tidyScopes(database: Database): Promise<number> {
  let after = 0n;
  let sum = 0;
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    const page = { after, limit: ROWS_AT_ONCE };
    const { deleted, last } = await database.transaction(async (tx) => {
      const locked = await lockFreeScopes(tx, page);
      return { deleted: await deleteEmptyScopes(tx, locked), last: locked.at(-1) };
    });
    sum += deleted;
    if (last === undefined) break;
    after = last;
  }
  return sum;
}
