import type { FieldFault } from '#errors';
import { FACT_NAMES } from './predicate.ts';

/** Deeper than any law that a person can follow. */
const DEPTH_MAX = 8;
const PARTS_MAX = 100;

interface Place {
  readonly field: string;
  readonly switches: readonly { readonly name: string; readonly values: readonly string[] }[];
  readonly depth?: number;
}

/** What is wrong with a predicate that came from outside; empty for one that can be evaluated. */
export function checkPredicate(given: unknown, place: Place): readonly FieldFault[] {
  const { field, depth = 0 } = place;
  const fault = (message: string) => [{ field, message }];
  if (depth > DEPTH_MAX) return fault(`must not be nested deeper than ${DEPTH_MAX}`);
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    return fault('must be a predicate: { all | any | not | fact | switch: … }');
  const keys = Object.keys(given).sort().join(' ');
  const parts: Readonly<Record<string, unknown>> = { ...given };
  if (keys === 'all' || keys === 'any') return checkList(parts[keys], keys, place);
  if (keys === 'not')
    return checkPredicate(parts.not, { ...place, field: `${field}.not`, depth: depth + 1 });
  if (keys === 'is switch') return checkSwitch(parts.switch, parts.is, place);
  if (['eq fact', 'fact in', 'fact range'].includes(keys)) return checkFact(parts, field);
  return fault('must be one of all, any, not, fact with eq, in or range, switch with is');
}

function checkList(list: unknown, key: string, place: Place): readonly FieldFault[] {
  const field = `${place.field}.${key}`;
  if (!Array.isArray(list) || list.length > PARTS_MAX)
    return [{ field, message: `must be a list of at most ${PARTS_MAX} predicates` }];
  const depth = (place.depth ?? 0) + 1;
  return list.flatMap((part, index) =>
    checkPredicate(part, { ...place, field: `${field}.${index}`, depth }),
  );
}

function checkSwitch(name: unknown, values: unknown, place: Place): readonly FieldFault[] {
  const known = place.switches.find((one) => one.name === name);
  if (!known)
    return [{ field: `${place.field}.switch`, message: `names ${name}, no switch of this set` }];
  if (Array.isArray(values) && values.every((value) => known.values.includes(value))) return [];
  const message = `must list some of ${known.values.join(', ')}`;
  return [{ field: `${place.field}.is`, message }];
}

function checkFact(parts: Readonly<Record<string, unknown>>, field: string): readonly FieldFault[] {
  const { fact, eq, in: list, range } = parts;
  const names: readonly string[] = FACT_NAMES;
  if (typeof fact !== 'string' || !(names.includes(fact) || /^attribute\.\w{1,60}$/.test(fact)))
    return [
      { field: `${field}.fact`, message: `must be attribute.<name> or one of ${names.join(', ')}` },
    ];
  if ('eq' in parts && !isScalar(eq))
    return [{ field: `${field}.eq`, message: 'must be a text, a number, true or false' }];
  if ('in' in parts && !(Array.isArray(list) && list.length <= 500 && list.every(isScalar)))
    return [{ field: `${field}.in`, message: 'must be a list of at most 500 values' }];
  if ('range' in parts && !isRange(range))
    return [
      { field: `${field}.range`, message: 'must be { from, to } with numbers, one at least' },
    ];
  return [];
}

function isScalar(value: unknown): boolean {
  return ['string', 'number', 'boolean'].includes(typeof value);
}

function isRange(range: unknown): boolean {
  if (typeof range !== 'object' || range === null) return false;
  const entries = Object.entries(range);
  return (
    entries.length > 0 &&
    entries.every(([key, value]) => ['from', 'to'].includes(key) && typeof value === 'number')
  );
}
