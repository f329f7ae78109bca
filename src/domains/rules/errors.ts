import { errorCodes } from '#errors';

export const fail = errorCodes({
  entity_unknown: 'not_found',
  entity_invalid: 'invalid',
  provider_unknown: 'not_found',
  provider_invalid: 'invalid',
  provider_not_of_entity: 'not_found',
  rule_set_unknown: 'not_found',
  rule_set_invalid: 'invalid',
  rule_set_fixed: 'conflict',
  rule_set_overlaps: 'conflict',
  rule_set_not_active: 'conflict',
  calendar_unknown: 'not_found',
  calendar_invalid: 'invalid',
  sms_invalid: 'invalid',
  suppression_unknown: 'not_found',
  suppression_invalid: 'invalid',
  consent_unknown: 'not_found',
  consent_invalid: 'invalid',
  override_unknown: 'not_found',
  override_invalid: 'invalid',
});
