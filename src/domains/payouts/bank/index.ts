export { createBankGate } from './bank-gate.ts';
export type { Debtor, LeftOut } from './bank-store.ts';
export { fromDecimal } from './decimal.ts';
export { createExporter, type Exported, type Exporter } from './export-payouts.ts';
export { type Imported, importStatuses } from './import-statuses.ts';
export type { BankStatus } from './pain002.ts';
export { checkRequisites, type Requisites } from './requisites.ts';
export { registerRequisitesRoutes } from './requisites-http.ts';
