import { errorCodes } from '#errors';

export const fail = errorCodes({
  key_missing: 'unauthenticated',
  key_unknown: 'unauthenticated',
  scope_missing: 'forbidden',
  token_invalid: 'invalid',
  token_expired: 'precondition',
  idempotency_key_malformed: 'invalid',
  idempotency_key_reused: 'precondition',
  idempotency_in_work: 'conflict',
  seal_key_unknown: 'internal',
  seal_broken: 'internal',
});
