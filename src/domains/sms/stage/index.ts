/** For tests only: the service with all that it stands on, and the tests that need all of it. */

export {
  askedMessage,
  ENTITY,
  freeLine,
  historyOf,
  NOW,
  openSmsHouse,
  type ScriptedProvider,
  stateOf,
} from './fixture.ts';
export { FIRST_ACCOUNT, furnish, openSmsService } from './http-fixture.ts';
