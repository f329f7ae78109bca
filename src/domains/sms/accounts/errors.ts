import { errorCodes } from '#errors';

export const fail = errorCodes({
  provider_secrets_missing: 'invalid',
});
