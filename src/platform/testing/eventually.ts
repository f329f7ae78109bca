export interface EventuallyOptions {
  /** How long to go on asking. Default 20,000: a machine may be four times slower than it should be. */
  readonly timeoutMs?: number;
  /** Pause between two tries. Default 20. */
  readonly intervalMs?: number;
}

const TIMEOUT_MS = 20_000;
const INTERVAL_MS = 20;

/**
 * Runs `check` until it stops throwing and returns its answer. After `timeoutMs` it throws an error that shows
 * the last failure, which is also its `cause`. For what other processes do; our own time is the fake clock.
 */
export async function eventually<Result>(
  check: () => Result | Promise<Result>,
  options: EventuallyOptions = {},
): Promise<Result> {
  const { timeoutMs = TIMEOUT_MS, intervalMs = INTERVAL_MS } = options;
  const endMs = performance.now() + timeoutMs;
  for (let tries = 1; ; tries += 1) {
    try {
      return await check();
    } catch (error) {
      if (performance.now() >= endMs) {
        const last = error instanceof Error ? error.message : String(error);
        throw new Error(`still failing after ${timeoutMs} ms and ${tries} tries: ${last}`, {
          cause: error,
        });
      }
    }
    await new Promise((done) => setTimeout(done, intervalMs));
  }
}
