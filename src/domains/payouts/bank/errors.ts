import { errorCodes } from '#errors';

export const fail = errorCodes({
  requisites_malformed: 'invalid',
  bank_file_unknown: 'not_found',
  bank_file_differs: 'internal',
  bank_report_malformed: 'invalid',
});
