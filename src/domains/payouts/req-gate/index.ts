/** The process that makes payouts of requests: asks what may be paid, sets it aside, writes the payout down. */

export { createReqGate, type ReqGate } from './req-gate.ts';
