/** What is done by the clock, and what is taken back. */

export { cancelMessage } from './cancel-messages.ts';
export { type Clerk, createClerk } from './clerk.ts';
export { countOpen, countParked, type OpenCount, readOldestWaiting } from './count-store.ts';
export { wakeDeferred } from './wake-deferred.ts';
