export { type Caller, type CallerOptions, type CallRequest, createCaller } from './caller.ts';
export type { Exchange } from './exchange.ts';
