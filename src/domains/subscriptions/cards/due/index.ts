/** What time, outcomes of payments and disputes make of subscriptions. */

export { endDisputed } from './end-disputed.ts';
export { passTime, runDue } from './run-due.ts';
export { settleCards } from './settle-cards.ts';
