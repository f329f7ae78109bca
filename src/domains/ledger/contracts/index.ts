/**
 * How a charge is parted: versions of contracts, the transfers of charges and refunds, and what of them was
 * paid in cash.
 */

export { type CashFact, type CashFacts, type CashOrder, createCashFacts } from './cash-facts.ts';
export {
  type Charge,
  type ChargeTransfers,
  createChargeTransfers,
  type Refund,
} from './charge-transfers.ts';
export type { Contract, NewContract } from './contract.ts';
export { type Contracts, createContracts } from './contracts.ts';
