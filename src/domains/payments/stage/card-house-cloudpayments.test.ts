import * as simulators from '#simulators/cloudpayments';
import { cloudPaymentsOutside } from './cloudpayments-outside.ts';
import { describeCardHouse } from './describe-card-house.ts';

describeCardHouse(cloudPaymentsOutside(simulators));
