/** Gateways' statements, which close what they owe. */

export {
  createSettlements,
  feeTransferId,
  type SettlementResult,
  type Settlements,
} from './import-settlement.ts';
export { parseStatement, type Statement, type StatementLine } from './settlement.ts';
