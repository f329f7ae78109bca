import { describeCrashes } from './describe-crashes.ts';

describeCrashes({ stride: 1 });
