import { errorCodes } from '#errors';

export const fail = errorCodes({
  account_unknown: 'not_found',
  account_type_unknown: 'invalid',
  account_types_invalid: 'precondition',
  account_type_in_use: 'precondition',
  currency_not_of_type: 'invalid',
  amount_out_of_range: 'invalid',
  transfer_malformed: 'invalid',
  transfer_unbalanced: 'invalid',
  transfer_unknown: 'not_found',
  transfer_conflict: 'conflict',
  transfer_reversed: 'conflict',
  balance_too_low: 'precondition',
  hold_malformed: 'invalid',
  hold_unknown: 'not_found',
  hold_conflict: 'conflict',
  hold_exceeded: 'invalid',
  hold_ended: 'conflict',
  cursor_invalid: 'invalid',
  instant_in_future: 'invalid',
});
