/**
 * What is done about a card bill that was declined, as a pure library: when it is tried again, how long access stays open, what the
 * subscriber is told. The same facts and moment give the same answer. It reads nothing and writes nothing.
 */

export { brandOf, type CardBrand, type CardHistory, firstAllowed } from './card-limits.ts';
export {
  type Consequence,
  consequenceOf,
  type Decline,
  type Remedy,
  type StopReason,
} from './decline.ts';
export { type LadderStatus, type LadderSteps, ladderAt, ladderSteps } from './ladder.ts';
export {
  type DunningMessage,
  ladderMessages,
  messageAfterDecline,
  messageAfterPayment,
  noticeOfCharge,
  type PlannedMessage,
  periodDaysOf,
  type ToldReason,
  toldReason,
} from './messages.ts';
export {
  attemptNow,
  type DunningFacts,
  type DunningOptions,
  type NextAttempt,
  nextAttempt,
  type RetryReason,
} from './next-attempt.ts';
export { parseDunningPolicy } from './parse-policy.ts';
export { type Budget, DunningPolicy, defaultPolicy } from './policy.ts';
