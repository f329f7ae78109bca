import { errorCodes } from '#errors';

export const fail = errorCodes({
  content_link_unknown: 'not_found',
  item_invalid: 'invalid',
});
