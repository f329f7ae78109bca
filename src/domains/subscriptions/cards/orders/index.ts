/** From a wish to a subscription: what it would cost, who is admitted, the page of a card, the consent. */

export { agreeToPage } from './agree.ts';
export {
  askForPrice,
  askForSwitch,
  type PriceAgreement,
  type SwitchWish,
} from './ask-with-consent.ts';
export { type CardPage, openCardPage } from './card-page.ts';
export { findCustomerId } from './customer-store.ts';
export type { Order, StartConsent, Started } from './order.ts';
export { type PayPage, readPayToken, writePayToken } from './pay-page.ts';
export { type OrderPreview, previewOrder } from './preview-order.ts';
export { startCase, startCases } from './start-case.ts';
