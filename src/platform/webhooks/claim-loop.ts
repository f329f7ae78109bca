import { isTransient } from '#database';
import type { Log } from '#log';

/**
 * A claim that found few leaves the next ones a moment to gather: a claim costs much the same for one as for fifty. Only what
 * was held up itself (behind one of its key, or for want of room) has waited long enough.
 */
const FEW = 64;
const GATHER_MS = 40;

export interface ClaimLoopOptions {
  readonly log: Log;
  /** Answers how many it took. */
  readonly claim: () => Promise<number>;
  /** How often it looks when nothing is heard. */
  readonly intervalMs: number;
}

/** When a worker claims: as soon as it hears of something, in sets where there is much. */
export interface ClaimLoop {
  start(): void;
  stop(): Promise<void>;
  /** Something new is there to be claimed. */
  enqueued(): void;
  /** Something may be claimed that could not be before. */
  freed(): void;
}

export function createClaimLoop({ claim, intervalMs, log }: ClaimLoopOptions): ClaimLoop {
  const alarm = createAlarm();
  const hurry = createAlarm();
  const stopping = new AbortController();
  const { signal } = stopping;
  let running: Promise<void> | undefined;

  async function run(): Promise<void> {
    let gathersUntilMs = 0;
    while (!signal.aborted) {
      const [heard, since] = [alarm.count(), hurry.count()];
      const claimed = await claim().catch((error) => {
        if (!isTransient(error)) log.error({ err: error }, 'webhooks could not be claimed');
        return 0;
      });
      if (claimed >= FEW) continue;
      if (claimed > 0) gathersUntilMs = performance.now() + GATHER_MS;
      else await alarm.sleep({ since: heard, patienceMs: intervalMs, signal });
      const patienceMs = gathersUntilMs - performance.now();
      if (patienceMs > 0) await hurry.sleep({ since, patienceMs, signal });
    }
  }

  return {
    start() {
      running ??= run();
    },
    async stop() {
      stopping.abort();
      await running;
    },
    enqueued: alarm.ring,
    freed() {
      hurry.ring();
      alarm.ring();
    },
  };
}

interface Nap {
  readonly since: number;
  readonly patienceMs: number;
  readonly signal: AbortSignal;
}

/** Rings that come while nobody sleeps are counted, so that none is missed between a look and a nap. */
function createAlarm() {
  let rings = 0;
  let wake = () => {};
  return {
    count: () => rings,
    ring() {
      rings += 1;
      wake();
    },
    async sleep({ patienceMs, signal, since }: Nap): Promise<void> {
      if (rings !== since || signal.aborted) return;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, patienceMs);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
        signal.addEventListener('abort', wake, { once: true });
      });
      signal.removeEventListener('abort', wake);
      wake = () => {};
    },
  };
}
