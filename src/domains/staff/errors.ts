import { errorCodes } from '#errors';

export const fail = errorCodes({
  attention_unknown: 'not_found',
});
