export type { Exchange } from '#exchange';
export type { OperatorConnection, OperatorRequest } from './connection.ts';
export {
  createOperators,
  isOnNoList,
  type Operators,
  type OperatorsOptions,
} from './create-operators.ts';
export { type Operator, spellMsisdn } from './operator.ts';
export type { NumberList } from './store.ts';
export { TransactionLog, TransactionLogEntry, transactionLog } from './topics.ts';
