import { errorCodes } from '#errors';

export const fail = errorCodes({
  webhook_endpoint_unknown: 'not_found',
  webhook_delivery_unknown: 'not_found',
  webhook_url_invalid: 'invalid',
  webhook_event_types_invalid: 'invalid',
  webhook_callback_known: 'conflict',
  webhook_secrets_too_many: 'conflict',
  webhook_delivery_waiting: 'conflict',
});
