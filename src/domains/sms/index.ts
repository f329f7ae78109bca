export { createSms, type Sms, type SmsOptions } from './create-sms.ts';
export { type IncomingRoutesOptions, registerIncomingRoutes } from './http.ts';
export { type OutgoingSms, parseSmsId, type SmsState, smsId, smsSteps } from './message.ts';
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
export {
  createSendWorker,
  type SendWorker,
  type SendWorkerOptions,
  sendGroup,
} from './send-worker.ts';
export {
  IncomingSms,
  incomingSms,
  SmsEvent,
  SmsRequest,
  smsEvents,
  smsRequests,
} from './topics.ts';
