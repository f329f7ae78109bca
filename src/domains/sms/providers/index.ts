export { explainReason } from './explain-reason.ts';
export { genericExample } from './generic-example.ts';
export { createOperatorLine, createOperatorSms, type OperatorSmsOptions } from './operator-sms.ts';
export {
  createSmsProvider,
  kindOf,
  type ProviderKind,
  type ProviderOptions,
  providerKinds,
} from './provider-kinds.ts';
