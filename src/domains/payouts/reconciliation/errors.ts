import { errorCodes } from '#errors';

export const fail = errorCodes({
  list_malformed: 'invalid',
  list_unavailable: 'unavailable',
});
