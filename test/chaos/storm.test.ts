import { BROKERS, describeStorm } from './describe-storms.ts';

// On PostgreSQL, and on one broker, another one each day: both of them are in brokers-storm.long.test.ts.

describeStorm('PostgreSQL');
const today = BROKERS[new Date().getUTCDate() % BROKERS.length];
if (today) describeStorm(today);
