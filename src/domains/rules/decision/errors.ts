import { errorCodes } from '#errors';

export const fail = errorCodes({ rule_set_invalid: 'invalid' });
