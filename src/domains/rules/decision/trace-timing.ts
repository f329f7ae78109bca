import { wallTime } from '#rules/local-time';
import type { AppliedRule } from './apply-rules.ts';
import { type Cap, countedAt, nextFree } from './caps.ts';
import type { TraceLine } from './decision.ts';
import type { Located } from './locate-recipient.ts';
import type { Timing } from './schedule.ts';
import type { WindowSource, Windows } from './windows.ts';
import { sayDuration, sayIntervals, sayList, sayMoment, saySwitches } from './wording.ts';

/** What each window and each limit says of the moment from which a slot was looked for. */
export function traceTiming({ windows, caps, startMs, horizonMs }: Timing): readonly TraceLine[] {
  const byRule = new Map<AppliedRule, WindowSource[]>();
  for (const source of windows.sources) {
    const found = byRule.get(source.applied);
    if (found) found.push(source);
    else byRule.set(source.applied, [source]);
  }
  return [
    ...[...byRule.values()].map((sources) => traceWindow(windows, sources, { startMs, horizonMs })),
    ...caps.map((cap) => traceCap(cap, startMs)),
  ];
}

function traceWindow(
  windows: Windows,
  sources: readonly WindowSource[],
  { startMs, horizonMs }: { readonly startMs: number; readonly horizonMs: number },
): TraceLine {
  const binding = sources.filter(({ span }) => startMs >= span.fromMs && startMs < span.toMs);
  const [first] = sources;
  const rule = first?.applied.ready.name ?? '';
  const states = binding.map((source) => ({ source, ...windows.stateOf(source, startMs) }));
  const [any] = states;
  if (!any) return { rule, result: 'not_applicable', text: 'Not in force at this moment' };
  const alone = windows.only(sources);
  const run = alone.nextRun(startMs, horizonMs);
  const closed = states.filter(({ open }) => !open);
  const shown = (closed[0] ?? lastOf(states)).source;
  const hours = sayHours(windows, shown, startMs);
  const where = sayCandidates(binding);
  const until = run && new Date(closed.length > 0 || run.fromMs > startMs ? run.fromMs : run.toMs);
  const bound = until && Number.isFinite(until.getTime()) ? { until } : {};
  if (closed.length > 0)
    return {
      rule,
      result: 'defers',
      text: `${hours.moment} is outside ${hours.open}${where}${saySwitches(shown.applied.switches())}`,
      ...bound,
    };
  if (run?.fromMs !== startMs) {
    const safe = sayDuration(alone.lastSafeMs(startMs));
    const text = `${hours.moment} is within ${hours.open}${where}, but nothing is sent in its last ${safe}${saySwitches(shown.applied.switches())}`;
    return { rule, result: 'defers', text, ...bound };
  }
  return {
    rule,
    result: 'passes',
    text: `${hours.moment} is within ${hours.open}${where}`,
    ...bound,
  };
}

/** The one that closes first. */
function lastOf<State extends { readonly untilMs: number }>(states: readonly State[]): State {
  return states.reduce((first, one) => (one.untilMs < first.untilMs ? one : first));
}

function sayHours(
  windows: Windows,
  source: WindowSource,
  atMs: number,
): { readonly moment: string; readonly open: string } {
  const { day } = wallTime(source.place.zone, atMs);
  const facts = windows.dayFactsOf(source, day);
  const kind = facts.known ? facts.kinds.map((one) => KIND_WORDS[one]).join(' and ') : UNKNOWN_YEAR;
  const { override } = source;
  const by = override ? ` by the agreement ${override.document}` : '';
  const open = `${sayIntervals(windows.intervalsOf(source, day))}${by}`;
  return { moment: `${sayMoment(source.place.zone, atMs)}, ${kind},`, open };
}

const KIND_WORDS = {
  work: 'a working day',
  short: 'a short working day',
  off: 'a day off',
  holiday: 'a public holiday',
} as const;
const UNKNOWN_YEAR = 'of a year without a calendar (counted as working day and day off at once)';

function sayCandidates(sources: readonly WindowSource[]): string {
  const zones = new Set(sources.map(({ place }) => place.zone));
  return zones.size > 1 ? ` (one of ${zones.size} zones that the recipient may be in)` : '';
}

function traceCap(cap: Cap, startMs: number): TraceLine {
  const { applied, span, limit, override, scope } = cap;
  const rule = applied.ready.name;
  if (startMs < span.fromMs || startMs >= span.toMs)
    return { rule, result: 'not_applicable', text: 'Not in force at this moment' };
  const by = override ? ` by the agreement ${override.document}` : '';
  const counted = `${countedAt(cap, startMs)} of ${limit} in ${sayPeriod(cap)}${by} for ${sayKey(scope)}`;
  const freeMs = nextFree(cap, startMs);
  if (freeMs === startMs) return { rule, result: 'passes', text: counted };
  const zone = cap.zones[0] ?? 'Etc/UTC';
  const text = `${counted}: there is room at ${sayMoment(zone, freeMs)}${saySwitches(applied.switches())}`;
  return { rule, result: 'defers', text, until: new Date(freeMs) };
}

function sayPeriod({ period }: Cap): string {
  if ('calendar' in period) return `the calendar ${period.calendar}`;
  return 'rollingMonth' in period ? 'any month' : `any ${period.text}`;
}

/** `group:alfa and person:+79161234567`. */
function sayKey(scope: string): string {
  return scope.split('|').slice(1).join(' and ');
}

/** Which source told the local time, and what it told. */
export function traceLocalTime(
  located: readonly (readonly [string, Located])[],
): readonly TraceLine[] {
  const said = new Map<Located, string>();
  for (const [set, where] of located) if (!said.has(where)) said.set(where, set);
  return [...said].map(([where, set]) => {
    const zones = [...new Set(where.places.map(({ zone }) => zone))];
    const shown = zones.length > 4 ? `${zones.length} zones at once` : sayList(zones);
    return {
      rule: `${set}/local-time`,
      result: zones.length > 1 ? 'restricts' : 'passes',
      text: `${SOURCE_WORDS[where.source]}: ${shown}${saySwitches(where.switches)}`,
    };
  });
}

const SOURCE_WORDS: Readonly<Record<Located['source'], string>> = {
  explicit: 'Local time as the request names it',
  region: 'Local time of the region where the person lives',
  number: 'Local time of the range of the number',
  country: 'Local time of all of the country, because the region is not known',
  entity: 'Local time of the legal entity, because nothing tells that of the recipient',
  none: 'Local time is not known from anything: name a time zone or set the zone of the entity',
};
