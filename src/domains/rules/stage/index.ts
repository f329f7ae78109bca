/** For tests only: rules on a database of their own, and children to race and to kill. */

export { lawOf, lawsOf, NOON, setStage, stopList, twiceADay } from './fixture.ts';
export { serveRules } from './http-fixture.ts';
