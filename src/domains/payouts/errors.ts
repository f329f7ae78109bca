import { errorCodes } from '#errors';

export const fail = errorCodes({
  // Requests.
  request_conflict: 'conflict',
  request_unknown: 'not_found',
  request_malformed: 'invalid',
  cursor_invalid: 'invalid',
  // The system of accounts.
  accounts_unavailable: 'unavailable',
  account_unknown: 'not_found',
  accounts_too_many: 'precondition',
  accounts_refused: 'precondition',
  movement_refused: 'precondition',
  movement_conflict: 'conflict',
});
