/** From the queue to a provider: the last word of the rules, the call, and what came of it. */

export { type AccountSenders, createAccountSenders } from './account-senders.ts';
export { asked, HOUSE_ENTITY } from './begin-messages.ts';
export { chooseProvider } from './choose-provider.ts';
export { loseAnswers } from './record-answers.ts';
export { rerouteMessages } from './reroute-messages.ts';
export { decisionAt, toRuleRequest } from './rule-request.ts';
export {
  accountGroup,
  createSendWorker,
  type SendWorker,
  type SendWorkerOptions,
  sendGroup,
} from './send-worker.ts';
