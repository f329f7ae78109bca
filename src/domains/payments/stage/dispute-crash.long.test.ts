import { startStripeSimulator } from '#simulators/stripe';
import { describeDisputeCrashes } from './describe-dispute-crashes.ts';
import { stripeOutside } from './psp-outside.ts';

// Every point there is.

describeDisputeCrashes(stripeOutside({ start: startStripeSimulator }), { stride: 1 });
