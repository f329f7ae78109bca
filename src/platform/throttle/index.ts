export { type Breaker, type BreakerState, createBreaker } from './breaker.ts';
export { createThrottle, type Throttle } from './throttle.ts';
