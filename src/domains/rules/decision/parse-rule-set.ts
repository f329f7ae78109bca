import type { TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import type { FieldFault } from '#errors';
import { isTimeZone } from '#rules/local-time';
import { checkPredicate } from './check-predicate.ts';
import { fail } from './errors.ts';
import {
  RULE_KINDS,
  type Rule,
  type RuleSet,
  RuleSetShell,
  type WindowsByDay,
} from './rule-set.ts';

const shell = Compile(RuleSetShell);
const kinds = new Map(
  Object.entries(RULE_KINDS).map(([kind, schema]) => [kind, Compile<TSchema>(schema)]),
);
const FAULTS_MAX = 20;

/**
 * Reads a set of rules. Throws `rule_set_invalid` with every fault: the path in the document, and what to do. What it
 * gives back can be evaluated: names lead somewhere, hours are in their order, nothing is without end.
 */
export function parseRuleSet(document: unknown): RuleSet {
  const shape = shapeFaults(document);
  const faults = shape.length > 0 ? shape : meaningFaults(document as RuleSet);
  const [first] = faults;
  if (!first) return document as RuleSet;
  throw fail(
    'rule_set_invalid',
    `The set of rules can't be used: ${first.field} ${first.message}.`,
    {
      faults: faults.slice(0, FAULTS_MAX),
    },
  );
}

/** Each rule is judged by its own kind alone: of a union, all kinds would complain at once. */
function shapeFaults(document: unknown): readonly FieldFault[] {
  if (!shell.Check(document)) return faultsOf(shell.Errors(document));
  return document.rules.flatMap((rule, index) => {
    const kind =
      typeof rule === 'object' && rule !== null && 'kind' in rule ? rule.kind : undefined;
    const known = kinds.get(String(kind));
    const message = `must be one of ${[...kinds.keys()].join(', ')}`;
    if (!known) return [{ field: `rules.${index}.kind`, message }];
    if (known.Check(rule)) return [];
    return faultsOf(known.Errors(rule), `rules.${index}`);
  });
}

interface SchemaError {
  readonly keyword: string;
  readonly instancePath: string;
  readonly message: string;
}

function faultsOf(errors: readonly SchemaError[], under = ''): readonly FieldFault[] {
  const strange = errors.filter(({ keyword }) => keyword === 'boolean');
  // A field too many is told twice: by itself, and by what has it.
  const told = errors.filter(
    ({ keyword }) => keyword !== 'additionalProperties' || strange.length === 0,
  );
  return told.map(({ keyword, instancePath, message }) => ({
    field: `${under}${instancePath.replaceAll('/', '.')}`.replace(/^\./, '') || 'document',
    message: keyword === 'boolean' ? 'is no field here: take it out' : message,
  }));
}

function meaningFaults(set: RuleSet): readonly FieldFault[] {
  const names = set.switches.map(({ name }) => name);
  const predicates: (readonly [string, unknown])[] = [
    ['appliesWhen', set.appliesWhen],
    ...set.rules.flatMap((rule, index) => predicatesOf(rule, `rules.${index}`)),
    ...(set.localTime?.sources ?? []).map(
      (source, index) => [`localTime.sources.${index}.when`, source.when] as const,
    ),
  ];
  return [
    ...spanFaults(set),
    ...twice(set.rules.map(({ id }) => id)).map((id) => ({
      field: 'rules',
      message: `has two rules with the id ${id}: give each its own`,
    })),
    ...twice(names).map((name) => ({
      field: 'switches',
      message: `has two switches named ${name}: give each its own name`,
    })),
    ...set.switches.flatMap(({ value, values }, index) =>
      value === undefined || values.includes(value)
        ? []
        : [{ field: `switches.${index}.value`, message: `must be one of ${values.join(', ')}` }],
    ),
    ...predicates.flatMap(([field, predicate]) =>
      predicate === undefined ? [] : checkPredicate(predicate, { field, switches: set.switches }),
    ),
    ...set.rules.flatMap((rule, index) => ruleFaults(rule, { set, field: `rules.${index}` })),
  ];
}

function predicatesOf(rule: Rule, field: string): readonly (readonly [string, unknown])[] {
  const own = [`${field}.when`, rule.when] as const;
  if (rule.kind !== 'frequencyCap' && rule.kind !== 'minInterval') return [own];
  const keys = rule.key.map(({ when }, index) => [`${field}.key.${index}.when`, when] as const);
  const back = rule.kind === 'frequencyCap' ? rule.undeliveredGivenBackWhen : undefined;
  return [own, ...keys, [`${field}.undeliveredGivenBackWhen`, back]];
}

function spanFaults({ effective: { from, to } }: RuleSet): readonly FieldFault[] {
  const bad = ([name, text]: readonly [string, string | undefined]) =>
    text !== undefined && Number.isNaN(Date.parse(text))
      ? [{ field: `effective.${name}`, message: 'must be a moment such as 2026-01-31T00:00:00Z' }]
      : [];
  const faults = [...bad(['from', from]), ...bad(['to', to])];
  if (faults.length > 0 || to === undefined || Date.parse(to) > Date.parse(from)) return faults;
  return [{ field: 'effective.to', message: 'must be after effective.from' }];
}

function ruleFaults(
  rule: Rule,
  { set, field }: { readonly set: RuleSet; readonly field: string },
): readonly FieldFault[] {
  switch (rule.kind) {
    case 'timeWindow':
      return rule.windows === 'entity' ? [] : windowFaults(rule.windows, `${field}.windows`);
    case 'frequencyCap':
      return rule.calendar || rule.rolling
        ? rollingFaults(rule.rolling, field)
        : [{ field, message: 'must count by calendar, by rolling or by both' }];
    case 'override':
      return rule.replaces.flatMap((id, index) =>
        set.rules.some((one) => one.id === id && isReplaceable(one))
          ? []
          : [
              {
                field: `${field}.replaces.${index}`,
                message: `names ${id}, which is no timeWindow or frequencyCap of this set`,
              },
            ],
      );
    default:
      return [];
  }
}

function isReplaceable({ kind }: Rule): boolean {
  return kind === 'timeWindow' || kind === 'frequencyCap';
}

/** A month is the longest stretch for which counted messages are kept. */
function rollingFaults(rolling: string | undefined, field: string): readonly FieldFault[] {
  const days = /^P(\d+)D$/.exec(rolling ?? '')?.[1];
  const hours = /^PT(\d+)H$/.exec(rolling ?? '')?.[1];
  if (Number(days ?? 0) <= 31 && Number(hours ?? 0) <= 31 * 24) return [];
  return [{ field: `${field}.rolling`, message: 'must be 31 days at most' }];
}

/** Also for the standard time of an entity and the hours of an agreement. */
export function windowFaults(windows: WindowsByDay, field: string): readonly FieldFault[] {
  const { byWeekday = {}, byDate = {}, ...kinds } = windows;
  const lists: readonly (readonly [string, readonly (readonly string[])[] | undefined])[] = [
    ...Object.entries(kinds),
    ...Object.entries(byWeekday).map(([day, list]) => [`byWeekday.${day}`, list] as const),
    ...Object.entries(byDate).map(([date, list]) => [`byDate.${date}`, list] as const),
  ];
  const named = Object.keys(byDate).filter((date) => !/^(\d{4}-)?[01]\d-[0-3]\d$/.test(date));
  return [
    ...named.map((date) => ({
      field: `${field}.byDate`,
      message: `names ${date}: a date is 07-14 or 2026-07-14`,
    })),
    ...lists.flatMap(([name, list]) => orderFaults(list ?? [], `${field}.${name}`)),
  ];
}

function orderFaults(list: readonly (readonly string[])[], field: string): readonly FieldFault[] {
  let last = '';
  for (const [index, [from = '', to = '']] of list.entries()) {
    if (from >= to)
      return [{ field: `${field}.${index}`, message: 'must end after it begins, 24:00 at most' }];
    if (from < last)
      return [{ field: `${field}.${index}`, message: 'must begin after the one before it ends' }];
    last = to;
  }
  return [];
}

function twice(names: readonly string[]): readonly string[] {
  return [...new Set(names.filter((name, index) => names.indexOf(name) !== index))];
}

/** Switches of the set that was meant, else the sets that have any. */
function sayKnown(name: string, sets: readonly RuleSet[]): string {
  const [id = ''] = name.split('/');
  const own = sets.filter((set) => set.id === id).flatMap((set) => set.switches);
  const known = own.map((one) => `${id}/${one.name}`);
  const ids = sets.filter(({ switches }) => switches.length > 0).map((set) => set.id);
  return known.length > 0
    ? `${id} has ${[...new Set(known)].join(', ')}`
    : `it begins with one of ${[...new Set(ids)].join(', ')} and a slash`;
}

/** What of an entity's settings no rule could use: hours, the zone, switches that no set has. */
export function entitySettingFaults(
  settings: {
    readonly standardTime?: WindowsByDay | undefined;
    readonly zone?: string | undefined;
    readonly switches?: Readonly<Record<string, string>> | undefined;
  },
  sets: readonly RuleSet[],
): readonly FieldFault[] {
  const { standardTime, zone, switches = {} } = settings;
  const zoneFault = { field: 'zone', message: 'must be an IANA zone such as Europe/Moscow' };
  return [
    ...(standardTime ? windowFaults(standardTime, 'standardTime') : []),
    ...(zone === undefined || isTimeZone(zone) ? [] : [zoneFault]),
    ...Object.entries(switches).flatMap(([name, value]) => {
      const known = sets.flatMap((set) =>
        set.switches.filter((one) => `${set.id}/${one.name}` === name),
      );
      if (known.some((one) => one.values.includes(value))) return [];
      const values = known[0]?.values.join(', ');
      const message = values ? `must be one of ${values}` : `is no switch: ${sayKnown(name, sets)}`;
      return [{ field: `switches.${name}`, message }];
    }),
  ];
}
