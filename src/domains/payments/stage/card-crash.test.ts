import * as simulators from '#simulators/cloudpayments';
import { describeCardCrashes } from './describe-card-crashes.ts';

// Every point is in card-crash.long.test.ts; here is one of each few, another one each day.
const STRIDE = 17;

describeCardCrashes(simulators, { stride: STRIDE, first: 1 + (new Date().getUTCDate() % STRIDE) });
