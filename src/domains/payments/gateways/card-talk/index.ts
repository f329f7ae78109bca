export { absent } from './absent.ts';
export {
  type Answer,
  byHttpStatus,
  type Declined,
  type NotSent,
  notSent,
  refused,
  toAnswer,
  type Unknown,
  unanswered,
  unknown,
} from './answer.ts';
export { utcDate, validDate } from './dates.ts';
export { decimalNumber } from './decimals.ts';
export {
  type DeclineMeaning,
  type DeclineMore,
  type DeclineTable,
  declinedBy,
} from './declines.ts';
export { fail } from './errors.ts';
export { type FiscalReceipt, fiscalReceipt } from './fiscal-receipt.ts';
export {
  fieldsOf,
  forged,
  headerOf,
  hmacBase64,
  jsonOf,
  requireSize,
  sameText,
  unreadable,
} from './notification.ts';
export {
  commonSettings,
  createReader,
  limitsOf,
  SecretText,
  settingsInvalid,
} from './settings.ts';
export {
  type About,
  type CardTalk,
  createCardTalk,
  type GatewayRequest,
  type Heard,
  type Said,
} from './talk.ts';
