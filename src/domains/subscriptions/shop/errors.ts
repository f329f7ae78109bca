import { errorCodes } from '#errors';

export const fail = errorCodes({ shop_plan_unknown: 'not_found' });
