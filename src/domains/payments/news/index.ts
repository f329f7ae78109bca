/**
 * What a gateway of cards says of a payment, applied once: each kind of news has its file. Whoever hears it
 * hands it in here.
 */

export { type AcceptedNews, weighAccepted } from './apply-accepted.ts';
export { applyNews } from './apply-news.ts';
export { findRefunded } from './apply-refund.ts';
export { createCardTeller } from './card-teller.ts';
export { type FiscalView, findFiscalReceipts, insertFiscalReceipts } from './fiscal-store.ts';
export { keepFeeOf, openFees } from './keep-fees.ts';
export type { Applied, NewsContext } from './news-context.ts';
