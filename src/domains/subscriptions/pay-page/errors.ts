import { errorCodes } from '#errors';

export const fail = errorCodes({
  order_closed: 'not_found',
  form_incomplete: 'invalid',
  page_of_another_kind: 'invalid',
  route_replaced: 'precondition',
});
