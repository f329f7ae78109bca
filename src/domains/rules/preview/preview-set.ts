import type { Database } from '#database';
import { countAsked, type PastRequest, readAsked } from '#rules/asked-store';
import {
  COUNTED_DAYS,
  createRulebook,
  type Decision,
  evaluate,
  type KnownFacts,
  type RuleSet,
  scopesOf,
} from '#rules/decision';
import { gatherFacts } from '#rules/gather-facts';
import { type Knowledge, readKnowledge, withoutText } from '#rules/knowledge';
import type { NumberTable } from '#rules/local-time';
import { reasonOf, requestOf } from '#rules/record-asked';
import { readCalendars } from '#rules/sets';
import { createReplayCounters, type ReplayCounters } from './count-replay.ts';
import { type Comparison, createComparison } from './preview-table.ts';

export interface PreviewOptions {
  readonly database: Database;
  readonly numbers: readonly NumberTable[];
  /** The version that is tried, as if it had held all the time, in place of those of its name that hold. */
  readonly set: RuleSet;
  readonly since: Date;
  readonly until: Date;
  readonly entity?: string;
  readonly progress?: (of: { readonly done: number; readonly total: number }) => void;
}

const PAGE_ROWS = 1000;
const DAY_MS = 86_400_000;
/** Whether their texts were wanting nobody can tell again: only digests of them are kept. */
const OF_TEXT: readonly (string | null)[] = [
  'content_missing',
  'content_forbidden',
  'too_many_segments',
];

/**
 * Asks a changed set about past messages, in their order, and compares with what was decided. Places are counted as the
 * changed set would have given them; what was really sent in the month before stands in the counters already.
 */
export async function previewSet(options: PreviewOptions): Promise<Comparison> {
  const { database, since } = options;
  const trial = await tryOut(options);
  const counters = createReplayCounters();
  const comparison = createComparison();
  const replay = { trial, counters, comparison, seen: new Set<string>() };
  const from = new Date(since.getTime() - COUNTED_DAYS * DAY_MS);
  const entity = options.entity ?? null;
  const span = { since: from, until: options.until, entity };
  const total = await countAsked(database.pool, span);
  let after = { at: from, id: 0n };
  for (let done = 0; ; ) {
    const page = { ...span, after, limit: PAGE_ROWS };
    const rows = await readAsked(database.pool, page);
    await replayPage(options, replay, rows);
    done += rows.length;
    options.progress?.({ done, total });
    const last = rows.at(-1);
    if (!last || rows.length < PAGE_ROWS) break;
    after = last;
  }
  wake(replay, options.until);
  return comparison;
}

interface Replay {
  readonly trial: Knowledge;
  readonly counters: ReplayCounters;
  readonly comparison: ReturnType<typeof createComparison>;
  /** Messages whose first question was compared: what was asked of them later follows from it. */
  readonly seen: Set<string>;
}

/** Everything as it is now, but for the set that is tried. */
async function tryOut({ database, numbers, set, since }: PreviewOptions): Promise<Knowledge> {
  const knowledge = (await readKnowledge(database.pool, {
    known: undefined,
    numbers,
  })) as Knowledge;
  const calendars = (await readCalendars(database.pool)).map(
    ({ savedAt: _, savedBy: __, ...year }) => year,
  );
  const from = new Date(Math.min(Date.parse(set.effective.from), since.getTime()));
  const tried: RuleSet = { ...set, status: 'active', effective: { from: from.toISOString() } };
  const sets = [...knowledge.sets.filter(({ id }) => id !== set.id), tried];
  const textless = createRulebook({ sets: withoutText(sets), calendars, numbers });
  return { ...knowledge, sets, textless };
}

async function replayPage(
  { database, since }: PreviewOptions,
  replay: Replay,
  rows: readonly PastRequest[],
): Promise<void> {
  const requests = rows.map(requestOf);
  const of = { knowledge: replay.trial, textless: true };
  const known = await gatherFacts(database.pool, requests, of);
  for (const [index, row] of rows.entries()) {
    const facts = known[index]?.facts;
    if (!facts) continue;
    if (row.at < since) remember(replay, row, facts);
    else compare(replay, row, facts);
  }
}

/** Before the time that is looked at, what was sent is what was sent. */
function remember({ counters }: Replay, row: PastRequest, facts: KnownFacts): void {
  if (row.outcome !== 'send') return;
  const request = requestOf(row);
  counters.take(scopesOf(request, facts), { message: row.message, at: row.at });
}

function compare(replay: Replay, row: PastRequest, facts: KnownFacts): void {
  const { comparison, seen } = replay;
  wake(replay, row.at);
  if (seen.has(row.message)) return;
  seen.add(row.message);
  if (OF_TEXT.includes(row.reason)) {
    comparison.leaveOut();
    return;
  }
  const decision = decide(replay, { row, facts, at: row.at });
  comparison.add({ row, decision, reason: reasonOf(decision) });
}

function decide(
  { counters }: Replay,
  of: { readonly row: PastRequest; readonly facts: KnownFacts; readonly at: Date },
): Decision {
  const { at, facts, row } = of;
  const request = requestOf(row);
  const counted = counters.of(scopesOf(request, facts), { message: row.message, at });
  const decision = evaluate(request, { ...facts, counted }, at);
  if (decision.outcome === 'send')
    counters.take(
      decision.scopes.map(({ scope }) => scope),
      { message: row.message, at },
    );
  if (decision.outcome === 'defer') counters.putOff({ row, facts, at: decision.notBefore });
  return decision;
}

/** What was put off is asked about again when its time has come, and takes its place then. */
function wake(replay: Replay, until: Date): void {
  for (;;) {
    const due = replay.counters.nextDue(until);
    if (!due) return;
    decide(replay, due);
  }
}
