export type { AskedRequest, Taken } from './asked.ts';
export { createIntake, type Intake, type IntakeOptions } from './create-intake.ts';
export { registerOriginalIntakeRoutes } from './http-original.ts';
export { type IntakeRoutesOptions, registerIntakeRoutes } from './http-requests.ts';
export type { Notifier } from './notifier.ts';
export { type Processor, processorGroups } from './processor.ts';
export { viewOf } from './request-view.ts';
export type { RequestTaker } from './take-requests.ts';
