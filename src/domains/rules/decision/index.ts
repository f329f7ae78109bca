export type { Decision, RejectCode, ScopeCount, TraceLine } from './decision.ts';
export { MESSAGE_CLASSES, type MessageClass, type RuleRequest } from './request.ts';
