import {
  cryptogramOf,
  standardPublicId,
  startCloudPaymentsSimulator,
} from '#simulators/cloudpayments';
import { describeCardCrashes } from './describe-card-crashes.ts';

// Every point there is.

describeCardCrashes(
  { start: startCloudPaymentsSimulator, cryptogramOf, publicId: standardPublicId },
  { stride: 1 },
);
