import { errorCodes } from '#errors';

export const fail = errorCodes({ dunning_policy_invalid: 'invalid' });
