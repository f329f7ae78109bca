import { errorCodes } from '#errors';

export const fail = errorCodes({
  cursor_invalid: 'invalid',
});
