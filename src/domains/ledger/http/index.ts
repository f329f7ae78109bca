/** The routes of the ledger. */

export { registerContractRoutes } from './contract-http.ts';
export { registerLedgerRoutes } from './http.ts';
