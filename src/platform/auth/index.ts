export {
  ALL_SCOPES,
  createApiKey,
  type NewApiKey,
  type Principal,
  requireScope,
  revokeApiKey,
} from './api-key.ts';
export { type Answer, forgetAnswers, type OnceRequest, once } from './idempotency.ts';
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
