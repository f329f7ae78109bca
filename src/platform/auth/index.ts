export {
  ALL_SCOPES,
  createApiKey,
  type NewApiKey,
  type Principal,
  requireScope,
  revokeApiKey,
} from './api-key.ts';
export {
  type Answer,
  type AskedOnce,
  askOnce,
  forgetAnswers,
  keyReused,
  type OnceRequest,
  once,
} from './idempotency.ts';
export {
  findAnswers,
  type GivenAnswer,
  isAnsweredBefore,
  type KnownAnswer,
  sendAnswers,
  storeAnswers,
} from './idempotent-batch.ts';
export { createKeyring, type Keyring } from './keyring.ts';
export {
  type CheckedPin,
  checkPin,
  DEFAULT_PIN_POLICY,
  forgetPins,
  type IssuedPin,
  issuePin,
  type PinPolicy,
  type PinRequest,
} from './one-time-pin.ts';
export {
  createSealer,
  redact,
  redactIn,
  type Sealer,
  type SealerOptions,
} from './sealed-secret.ts';
export { readToken, signToken, type TokenSecret } from './signed-token.ts';
