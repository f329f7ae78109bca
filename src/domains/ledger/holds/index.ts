/** Money that is set aside: reserved, settled or let go. */

export { createHolds, EXPIRED_AT_ONCE, type Holds } from './create-holds.ts';
export type { HoldState, HoldView, NewHold } from './hold.ts';
export type { Release } from './release-holds.ts';
export type { Reservation } from './reserve-holds.ts';
export type { HoldSettled, HoldSettling } from './settle-hold.ts';
