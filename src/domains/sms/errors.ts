import { errorCodes } from '#errors';

export const fail = errorCodes({
  incoming_refused: 'forbidden',
  sms_unknown: 'not_found',
  sms_ended: 'conflict',
  sms_invalid: 'invalid',
  reference_conflict: 'conflict',
  reference_missing: 'invalid',
  template_unknown: 'not_found',
  template_variables: 'invalid',
  callback_refused: 'forbidden',
  keyword_unknown: 'not_found',
  entity_unknown: 'not_found',
  provider_account_unknown: 'not_found',
  provider_account_invalid: 'invalid',
  provider_name_taken: 'conflict',
  balance_unavailable: 'unavailable',
});
