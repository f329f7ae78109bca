import { errorCodes } from '#errors';

export const fail = errorCodes({
  operator_unknown: 'not_found',
});
