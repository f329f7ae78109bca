export { type Broker, type BrokerEngine, openBroker } from './broker.ts';
export { knows } from './checkout.ts';
export { untilQuiet } from './invariants.ts';
export { debitsOf, phoneOf, sayStop, storyOf, subscribe } from './people.ts';
export type { Kopek } from './process.ts';
export { runStorm, type StormOptions, type StormReport } from './run-storm.ts';
export { type Stage, setStageOn } from './stage.ts';
export { isWhole, writeReport } from './storm-report.ts';
