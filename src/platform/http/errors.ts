import { errorCodes } from '#errors';

export const fail = errorCodes({
  cursor_invalid: 'invalid',
  rate_limited: 'limited',
  address_range_invalid: 'invalid',
});
