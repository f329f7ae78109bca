import { startStripeSimulator } from '#simulators/stripe';
import { describeCardHouse } from './describe-card-house.ts';
import { stripeOutside } from './psp-outside.ts';

describeCardHouse(stripeOutside({ start: startStripeSimulator }));
