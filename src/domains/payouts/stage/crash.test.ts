import { describeCrashes } from './describe-crashes.ts';

// A process for each point takes its time: the long run kills at every single one.
describeCrashes({ stride: 5, over: 'process' });
describeCrashes({ stride: 7, over: 'http' });
