export { explainReason } from './explain-reason.ts';
export {
  createSmsProvider,
  kindOf,
  type ProviderKind,
  type ProviderOptions,
  providerKinds,
} from './provider-kinds.ts';
