import { errorCodes } from '#errors';

export const fail = errorCodes({
  campaign_unknown: 'not_found',
  campaign_invalid: 'invalid',
  campaign_link_taken: 'conflict',
  campaign_service_unknown: 'invalid',
  campaign_operator_differs: 'invalid',
  form_incomplete: 'invalid',
  form_of_another_page: 'invalid',
  stop_unknown: 'not_found',
});
