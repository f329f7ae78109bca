export {
  type AccountState,
  type Accounts,
  createAccounts,
  type NewAccount,
  type ProviderAccount,
} from './accounts/index.ts';
export { createSms, type Sms, type SmsOptions } from './create-sms.ts';
export { registerAccountRoutes } from './http-accounts.ts';
export { type IncomingRoutesOptions, isStop, registerIncomingRoutes } from './incoming/index.ts';
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
  genericExample,
  type OperatorSmsOptions,
} from './providers/index.ts';
export { readSmsStory, type SmsChapter } from './read-story.ts';
export { callbackUrlOf, registerCallbackRoutes } from './reports/index.ts';
export {
  registerSenderRoutes,
  registerSmsRoutes,
  registerTextRoutes,
  type SmsRoutesOptions,
  segmentsOf,
} from './requests/index.ts';
export {
  type AccountSenders,
  accountGroup,
  createAccountSenders,
  createSendWorker,
  HOUSE_ENTITY,
  type SendWorker,
  type SendWorkerOptions,
  sendGroup,
} from './sending/index.ts';
export { WEBHOOK_SCOPE, webhookScopeOf } from './tell-events.ts';
export {
  IncomingSms,
  incomingSms,
  SmsEvent,
  SmsRequest,
  smsEvents,
  smsRequests,
} from './topics.ts';
export { type Clerk, createClerk } from './upkeep/index.ts';
