import { errorCodes } from '#errors';

export const fail = errorCodes({
  calendar_invalid: 'invalid',
  number_table_invalid: 'invalid',
});
