import { errorCodes } from '#errors';

export const fail = errorCodes({
  interval_invalid: 'invalid',
  anchor_invalid: 'invalid',
  pause_invalid: 'invalid',
  price_invalid: 'invalid',
  coupon_invalid: 'invalid',
});
