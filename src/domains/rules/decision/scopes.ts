import { type AppliedRule, applyRules, rulesOf } from './apply-rules.ts';
import type { ScopeCount } from './decision.ts';
import { digest } from './digest.ts';
import type { KnownFacts } from './facts.ts';
import type { RuleRequest } from './request.ts';

import type { RuleOf } from './rule-set.ts';

/**
 * The counters that a decision about this message reads and in which it takes a place, sorted and each once: whoever
 * reserves reads and locks exactly these, in this order. Whatever the moment: a rule that comes into force tomorrow
 * counts what is sent today.
 */
export function scopesOf(request: RuleRequest, facts: KnownFacts): readonly string[] {
  return countersOf(request, facts, applyRules(request, facts).rules).map(({ scope }) => scope);
}

export type CountingRule = AppliedRule<RuleOf<'frequencyCap'>> | AppliedRule<RuleOf<'minInterval'>>;

export function countingRules(rules: readonly AppliedRule[]): readonly CountingRule[] {
  return [...rulesOf(rules, 'frequencyCap'), ...rulesOf(rules, 'minInterval')];
}

/** A place is given back after a message that was not delivered only if all rules of the counter say so. */
export function countersOf(
  request: RuleRequest,
  facts: KnownFacts,
  rules: readonly AppliedRule[],
): readonly ScopeCount[] {
  const kept = new Map<string, boolean>();
  for (const counting of countingRules(rules)) {
    const keeps = counting.counting?.givesBackUndelivered !== true;
    for (const scope of scopesOfRule(counting, request, facts))
      kept.set(scope, keeps || kept.get(scope) === true);
  }
  return [...kept]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([scope, keeps]) => (keeps ? { scope } : { scope, givenBack: 'undelivered' }));
}

/**
 * `ru-230fz/message|group:alfa|person:+79161234567`. A message to a person who is named counts for the person and
 * for the number: otherwise one with a name and one without would pass each other by.
 */
export function scopesOfRule(
  { ready, rule, counting }: CountingRule,
  request: RuleRequest,
  facts: KnownFacts,
): readonly string[] {
  let scopes = [`${ready.set.id}/${rule.counter}`];
  for (const part of counting?.key ?? []) {
    const values = valuesOf(part, request, facts);
    scopes = scopes.flatMap((scope) => values.map((value) => `${scope}|${value}`));
  }
  return [...new Set(scopes)];
}

function valuesOf(part: string, request: RuleRequest, facts: KnownFacts): readonly string[] {
  switch (part) {
    case 'creditorGroup':
      return [`group:${keyPart(facts.entity?.creditorGroup ?? request.entity)}`];
    case 'entity':
      return [`entity:${keyPart(request.entity)}`];
    case 'person':
      return request.person === undefined
        ? [`person:${request.recipient}`]
        : [`person:${request.recipient}`, `person:${keyPart(request.person)}`];
    case 'recipient':
      return [`recipient:${request.recipient}`];
    case 'sender':
      return [`sender:${keyPart(request.sender ?? '')}`];
    case 'body':
      return [`body:${digest(request.body)}`];
    default: {
      const name = part.slice('attribute.'.length);
      return [`${name}:${keyPart(String(request.attributes?.[name] ?? ''))}`];
    }
  }
}

/** What a caller names must not look like another part of a scope. */
function keyPart(text: string): string {
  return text.replace(/[|%]/g, (found) => (found === '|' ? '%7C' : '%25'));
}
