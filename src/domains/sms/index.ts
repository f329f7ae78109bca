export { type AccountSenders, createAccountSenders } from './account-senders.ts';
export {
  type AccountState,
  type Accounts,
  createAccounts,
  type NewAccount,
  type ProviderAccount,
} from './accounts/index.ts';
export { HOUSE_ENTITY } from './begin-messages.ts';
export { type Clerk, createClerk } from './clerk.ts';
export { createSms, type Sms, type SmsOptions } from './create-sms.ts';
export { registerSenderRoutes, registerSmsRoutes, type SmsRoutesOptions } from './http.ts';
export { registerAccountRoutes } from './http-accounts.ts';
export { callbackUrlOf, registerCallbackRoutes } from './http-callbacks.ts';
export { type IncomingRoutesOptions, registerIncomingRoutes } from './http-incoming.ts';
export { registerTextRoutes } from './http-texts.ts';
export { type OutgoingSms, parseSmsId, type SmsState, smsId, smsSteps } from './message.ts';
export { type OpenedSms, type OpenSmsOptions, openSms } from './open-sms.ts';
export { prepareHouse } from './prepare-house.ts';
export type {
  SmsAnswer,
  SmsCapabilities,
  SmsFault,
  SmsLine,
  SmsOrder,
  SmsOutcome,
  SmsProvider,
} from './provider.ts';
export {
  createOperatorLine,
  createOperatorSms,
  type OperatorSmsOptions,
} from './providers/operator-sms.ts';
export { readSmsStory, type SmsChapter } from './read-story.ts';
export {
  accountGroup,
  createSendWorker,
  type SendWorker,
  type SendWorkerOptions,
  sendGroup,
} from './send-worker.ts';
export { isStop } from './stop-words.ts';
export { WEBHOOK_SCOPE } from './tell-events.ts';
export {
  IncomingSms,
  incomingSms,
  SmsEvent,
  SmsRequest,
  smsEvents,
  smsRequests,
} from './topics.ts';
