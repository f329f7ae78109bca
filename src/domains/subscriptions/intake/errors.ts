import { errorCodes } from '#errors';

export const fail = errorCodes({
  payment_request_unknown: 'not_found',
  payment_request_invalid: 'invalid',
  plan_unknown: 'not_found',
  plan_closed: 'precondition',
  payment_of_another: 'precondition',
});
