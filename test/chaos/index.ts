export { type Broker, type BrokerEngine, openBroker } from './broker.ts';
export { knows } from './checkout.ts';
export { runStorm, type StormOptions, type StormReport } from './run-storm.ts';
export { isWhole, writeReport } from './storm-report.ts';
