/** What is owed for a period, its charge, and what is known of declines. */

export { allocationNow } from './allocation.ts';
export { billOf, openBill, settleBill } from './bill-case.ts';
export { afterDecline, type Charging, chargeOpenBill, offerOf } from './charge-case.ts';
export { findChargedCards, toChargedCard } from './charged-card.ts';
export { NO_DECLINES, readDeclines } from './dunning-facts.ts';
export { NO_ROOM, roomNow } from './room.ts';
