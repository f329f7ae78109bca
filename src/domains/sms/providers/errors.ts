import { errorCodes } from '#errors';

export const fail = errorCodes({
  provider_kind_unknown: 'invalid',
  provider_settings_invalid: 'invalid',
  callback_unreadable: 'invalid',
  callback_forged: 'forbidden',
});
