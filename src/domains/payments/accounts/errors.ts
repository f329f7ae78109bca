import { errorCodes } from '#errors';

export const fail = errorCodes({
  gateway_unknown: 'not_found',
  gateway_kind_unknown: 'invalid',
  gateway_kind_fixed: 'conflict',
  gateway_changed: 'conflict',
  gateway_account_invalid: 'invalid',
});
