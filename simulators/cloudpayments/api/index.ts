export { type ApiCall, answerApi, findEndpoint } from './answer-api.ts';
export { toEnvelope } from './envelope.ts';
export { Refusal, RequestFields, readOrder } from './fields.ts';
export { carryOutOnce } from './idempotency.ts';
