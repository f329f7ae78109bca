import { errorCodes } from '#errors';

export const fail = errorCodes({
  gateway_kind_unknown: 'invalid',
  gateway_settings_invalid: 'invalid',
  gateway_list_unreadable: 'unavailable',
  notification_forged: 'forbidden',
  notification_unreadable: 'invalid',
  notification_too_large: 'too_large',
});
