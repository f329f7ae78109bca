import { startStripeSimulator } from '#simulators/stripe';
import { describeDisputeCrashes } from './describe-dispute-crashes.ts';
import { stripeOutside } from './psp-outside.ts';

// Every point is in dispute-crash.long.test.ts; here is one of each few, another one each day.
const STRIDE = 7;

describeDisputeCrashes(stripeOutside({ start: startStripeSimulator }), {
  ...{ stride: STRIDE, first: 1 + (new Date().getUTCDate() % STRIDE) },
});
