/**
 * What a payer does with his card: he pays on a gateway's page and leaves the card there; what its receipt
 * says, and what is asked of a reservation.
 */

export { accountOf, conflictOf } from './compare-facts.ts';
export {
  type Browser,
  type CardPayments,
  type CardPaymentsOptions,
  createCardPayments,
  type Led,
  type PresentRequest,
} from './create-card-payments.ts';
export {
  claimFiscalQuestions,
  type FiscalQuestion,
  type FiscalStep,
  insertFiscalQuestions,
  putOffFiscalQuestions,
  removeFiscalQuestions,
  stepFiscalQuestions,
} from './fiscal-question-store.ts';
export {
  claimOperations,
  closeOperation,
  findOperationsOf,
  insertOperation,
  type OperationRow,
  putOffOperation,
} from './operation-store.ts';
export { receiptOf } from './receipt-data.ts';
export type { ConfirmRequest, OperationRequest, Reservations } from './request-operation.ts';
export {
  cardId,
  createSavedCards,
  type SavedCards,
  type SavedCardsOptions,
  type SavedCardView,
} from './saved-cards.ts';
export { createTokenReader, type TokenReader } from './token-reader.ts';
