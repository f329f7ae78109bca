import { describeCrashes } from './describe-crashes.ts';

describeCrashes({ stride: 1, over: 'process' });
describeCrashes({ stride: 1, over: 'http' });
