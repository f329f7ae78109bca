import * as simulators from '#simulators/cloudpayments';
import { describeCardCrashes } from './describe-card-crashes.ts';

// Every point there is.

describeCardCrashes(simulators, { stride: 1 });
