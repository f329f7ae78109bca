export { type Clock, createFakeClock, createSystemClock, type FakeClock } from './clock.ts';
export { createSharedClock, type SharedClock, setSharedClock } from './shared-clock.ts';
export {
  type DailyWindow,
  insideWindow,
  nextInside,
  nextOutside,
  type Period,
  periodBounds,
  utcOffsetMinutes,
  zonedParts,
} from './window.ts';
