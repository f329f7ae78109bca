import { errorCodes } from '#errors';

export const fail = errorCodes({
  sign_in_needed: 'forbidden',
  form_incomplete: 'invalid',
  form_of_another_page: 'forbidden',
  link_used: 'precondition',
  not_yours: 'not_found',
});
