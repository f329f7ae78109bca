/** The chain of sealed blocks, and whether the whole ledger holds. */

export type { Finding, FindingKind } from './finding.ts';
export { createSealer, SEALED_AT_ONCE, type Sealer } from './seal-blocks.ts';
export { type Verification, type VerifyOptions, verifyLedger } from './verify-ledger.ts';
export type { VerifyProgress } from './verifying.ts';
