import { errorCodes } from '#errors';

export const fail = errorCodes({
  payout_id_malformed: 'invalid',
  payout_unknown: 'not_found',
  payout_sent: 'conflict',
  payout_ended: 'conflict',
  payout_busy: 'conflict',
  approval_not_awaited: 'conflict',
  approval_outdated: 'conflict',
  approval_given: 'conflict',
  approval_of_own_request: 'forbidden',
  conflict_absent: 'conflict',
  resolution_impossible: 'precondition',
  status_cursor_invalid: 'invalid',
  status_contents_invalid: 'invalid',
  accounts_timeout: 'unavailable',
});
