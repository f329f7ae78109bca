import { errorCodes } from '#errors';

export const fail = errorCodes({
  service_unknown: 'not_found',
  service_closed: 'precondition',
  terms_outdated: 'conflict',
  subscription_unknown: 'not_found',
  subscription_ended: 'conflict',
  stop_link_invalid: 'invalid',
});
