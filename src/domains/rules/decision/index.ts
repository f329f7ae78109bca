/**
 * The sending rules as a pure library: the same request, facts and moment give the same decision, here and on any
 * other computer. It reads nothing and writes nothing.
 */

export { retentionRules } from './apply-rules.ts';
export type { Decision, RejectCode, ScopeCount, TraceLine } from './decision.ts';
export { evaluate, HORIZON_MS } from './evaluate.ts';
export {
  type AllowedProvider,
  COUNTED_DAYS,
  type Consent,
  type EntityFacts,
  type Facts,
  type KnownFacts,
  type Override,
  type RegisteredSender,
  type Suppression,
} from './facts.ts';
export { entitySettingFaults, parseRuleSet, windowFaults } from './parse-rule-set.ts';
export type { Predicate, Scalar } from './predicate.ts';
export { MESSAGE_CLASSES, type MessageClass, type RuleRequest } from './request.ts';
export { type Rule, type RuleKind, RuleSet, Switch, WindowsByDay } from './rule-set.ts';
export { createRulebook, type Rulebook } from './rulebook.ts';
export { scopesOf } from './scopes.ts';
