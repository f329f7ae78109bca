import { type AppliedRule, applyRules, rulesOf } from './apply-rules.ts';
import type { ScopeCount } from './decision.ts';
import type { KnownFacts } from './facts.ts';
import type { RuleRequest } from './request.ts';

import type { RuleOf } from './rule-set.ts';

/**
 * The counters that a decision about this message reads and in which it takes a place, sorted and each once: whoever
 * reserves reads and locks exactly these, in this order. Whatever the moment: a rule that comes into force tomorrow
 * counts what is sent today. A decision may take fewer places (a set has ended), never others.
 */
export function scopesOf(request: RuleRequest, facts: KnownFacts): readonly string[] {
  return countersOf(applyRules(request, facts).rules).map(({ scope }) => scope);
}

export type CountingRule = AppliedRule<RuleOf<'frequencyCap'>> | AppliedRule<RuleOf<'minInterval'>>;

export function countingRules(rules: readonly AppliedRule[]): readonly CountingRule[] {
  return [...rulesOf(rules, 'frequencyCap'), ...rulesOf(rules, 'minInterval')];
}

/** A place is given back after a message that was not delivered only if all rules of the counter say so. */
export function countersOf(rules: readonly AppliedRule[]): readonly ScopeCount[] {
  const kept = new Map<string, boolean>();
  for (const counting of countingRules(rules)) {
    const keeps = counting.counting?.givesBackUndelivered !== true;
    for (const scope of counting.counting?.scopes ?? [])
      kept.set(scope, keeps || kept.get(scope) === true);
  }
  return [...kept]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([scope, keeps]) => (keeps ? { scope } : { scope, givenBack: 'undelivered' }));
}
