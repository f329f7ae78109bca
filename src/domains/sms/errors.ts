import { errorCodes } from '#errors';

export const fail = errorCodes({
  incoming_refused: 'forbidden',
});
