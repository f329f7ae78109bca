/** A value that a message or its recipient has under a name. */
export type Scalar = string | number | boolean;

/**
 * A typed question about a message, without scripts. `fact` is one of `FACT_NAMES` or `attribute.<name>`; a fact
 * that is a list (tags) meets `eq` and `in` when one of its members does; a fact that is
 * not there meets nothing. `range` is half-open. `switch` asks for the value of a switch of the same set.
 */
export type Predicate =
  | { readonly all: readonly Predicate[] }
  | { readonly any: readonly Predicate[] }
  | { readonly not: Predicate }
  | { readonly fact: string; readonly eq: Scalar }
  | { readonly fact: string; readonly in: readonly Scalar[] }
  | { readonly fact: string; readonly range: { readonly from?: number; readonly to?: number } }
  | { readonly switch: string; readonly is: readonly string[] };

/** What a predicate may ask for beside `attribute.<name>`. */
export const FACT_NAMES = [
  ...['class', 'channel', 'entity', 'creditorGroup', 'sender', 'person', 'segments', 'tags'],
  ...['country', 'region'],
] as const;

/** What is asked: a fact's value (absent: undefined), and a switch's. */
export interface PredicateFacts {
  fact(name: string): Scalar | readonly Scalar[] | undefined;
  switchValue(name: string): string;
}

export function holds(predicate: Predicate | undefined, facts: PredicateFacts): boolean {
  if (predicate === undefined) return true;
  // By far the most are questions about a fact.
  if ('fact' in predicate) return isMet(predicate, facts.fact(predicate.fact));
  if ('all' in predicate) return predicate.all.every((part) => holds(part, facts));
  if ('any' in predicate) return predicate.any.some((part) => holds(part, facts));
  if ('not' in predicate) return !holds(predicate.not, facts);
  return predicate.is.includes(facts.switchValue(predicate.switch));
}

type Comparison = Extract<Predicate, { fact: string }>;

function isMet(comparison: Comparison, value: ReturnType<PredicateFacts['fact']>): boolean {
  if (value === undefined) return false;
  return isList(value) ? value.some((one) => meets(comparison, one)) : meets(comparison, value);
}

function meets(comparison: Comparison, value: Scalar): boolean {
  if ('eq' in comparison) return value === comparison.eq;
  if ('in' in comparison) return comparison.in.includes(value);
  if (typeof value !== 'number') return false;
  const { from = Number.NEGATIVE_INFINITY, to = Number.POSITIVE_INFINITY } = comparison.range;
  return value >= from && value < to;
}

function isList(value: Scalar | readonly Scalar[]): value is readonly Scalar[] {
  return Array.isArray(value);
}

/** Names of the switches that a predicate asks for. */
export function switchesIn(predicate: Predicate | undefined): readonly string[] {
  if (predicate === undefined || 'fact' in predicate) return [];
  if ('switch' in predicate) return [predicate.switch];
  if ('not' in predicate) return switchesIn(predicate.not);
  const parts = 'all' in predicate ? predicate.all : predicate.any;
  return [...new Set(parts.flatMap(switchesIn))];
}
