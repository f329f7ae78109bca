import { BROKERS, describeStorm } from './describe-storms.ts';

for (const engine of BROKERS) describeStorm(engine);
