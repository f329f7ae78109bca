import {
  cryptogramOf,
  standardPublicId,
  startCloudPaymentsSimulator,
} from '#simulators/cloudpayments';
import { cloudPaymentsOutside } from './cloudpayments-outside.ts';
import { describeCardHouse } from './describe-card-house.ts';

describeCardHouse(
  cloudPaymentsOutside({
    ...{ start: startCloudPaymentsSimulator, cryptogramOf, publicId: standardPublicId },
  }),
);
