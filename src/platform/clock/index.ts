export { type Clock, createFakeClock, createSystemClock, type FakeClock } from './clock.ts';
export { createSharedClock, type SharedClock, setSharedClock } from './shared-clock.ts';
export {
  type DailyWindow,
  insideWindow,
  nextInside,
  type Period,
  periodBounds,
  zonedParts,
} from './window.ts';
