export { NO_SENDER } from './choose-sender.ts';
export { createRules, type Rules, type RulesOptions } from './create-rules.ts';
export { type Deciding, REQUESTS_MAX } from './decide.ts';
export type { NewSuppression, People } from './entities/index.ts';
export type {
  AllowedPair,
  EntitySettings,
  LegalEntity,
  NewLegalEntity,
  NewPair,
  NewProvider,
  Provider,
  RegisteredSender,
} from './entity.ts';
export { registerRulesRoutes } from './http/index.ts';
export {
  type Comparison,
  type PreviewExample,
  type PreviewLine,
  type PreviewOptions,
  previewSet,
} from './preview/index.ts';
export {
  readRegion,
  readTerms,
  readTimeZone,
  spreadBy,
  type Terms,
  VALIDITY_DEFAULT_SECONDS,
  VALIDITY_LEAST_SECONDS,
  VALIDITY_MOST_SECONDS,
} from './read-terms.ts';
export { createRulesWorker, type RulesWorker } from './worker.ts';
