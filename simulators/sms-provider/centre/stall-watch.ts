import { monitorEventLoopDelay } from 'node:perf_hooks';

const stallResolutionMs = 5;

/**
 * The longest time that this process's event loop stood still. Calls that came meanwhile were counted only after it:
 * by so much a count of calls per second may be wrong.
 */
export class StallWatch {
  readonly #histogram = monitorEventLoopDelay({ resolution: stallResolutionMs });

  constructor() {
    this.#histogram.enable();
  }

  get longestSeconds(): number {
    const nanoseconds = this.#histogram.max;
    return this.#histogram.count === 0
      ? 0
      : Math.max(0, nanoseconds / 1e9 - stallResolutionMs / 1e3);
  }

  reset(): void {
    this.#histogram.reset();
  }

  close(): void {
    this.#histogram.disable();
  }
}
