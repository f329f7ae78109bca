export * from './acquirer.ts';
export { formatAmount, parseAmount } from './amount.ts';
export {
  type Card,
  cryptogramOf,
  type EnteredCard,
  type FamilyName,
  readCryptogram,
  testCards,
} from './cards.ts';
export type { Answer, Change } from './change.ts';
export { entryOf, type LedgerSummary, summarise } from './ledger.ts';
export { toModel } from './model.ts';
export { completeThreeDs, type Means, pay } from './payment.ts';
export { isReasonCode, reasonName } from './reasons.ts';
export * from './records.ts';
export * from './scenarios.ts';
export * from './settings.ts';
export { signatureHeaders } from './signature.ts';
export { confirm, makeVoid, refund, watchAuthorization } from './stages.ts';
export { addressKey } from './store.ts';
export { newSubscription, periodStart } from './subscription-start.ts';
export { newsOf, runSubscriptions } from './subscriptions.ts';
export { nextDocument } from './till.ts';
export { datePair, parseTime } from './times.ts';
