/** For tests only: a shop, its customers' hands, and the words of the scenarios. */

export {
  monthly,
  openShop,
  SECRET,
  type Shop,
  type ShopAccount,
  type SimulatedGateway,
} from './fixture.ts';
export { bookOf } from './gateway-hands.ts';
export { GOOD, type Life, lifeOf, lives, OTHER, timeOf } from './life.ts';
export { moveHands } from './move-hands.ts';
export { mustHold } from './must-hold.ts';
export { eitherWay, openPhoneSide } from './phone-life.ts';
export { runChild } from './run-child.ts';
