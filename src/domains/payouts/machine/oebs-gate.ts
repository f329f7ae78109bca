import type { Consumer } from '#bus';
import { isTransient } from '#database';
import type { Log } from '#log';
import type { Checker } from './check-payouts.ts';
import type { Mover } from './move-money.ts';

/** The process `oebs-gate`: payouts out to the ERP, and what it says of them back in. */
export interface OebsGate {
  start(): void;
  /** What is in hand is finished first. */
  stop(): Promise<void>;
  /** Everything that can be done now: batch after batch, until nothing is due. Answers how many it took up. */
  round(): Promise<number>;
}

export interface OebsGateOptions {
  readonly log: Log;
  readonly checker: Checker;
  readonly mover: Mover;
  readonly follow: () => readonly Consumer[];
  readonly intervalMs: number;
}

/** Beyond it a round ends, so that a stop is never waited for long. */
const BATCHES_MOST = 100;

export function createOebsGate(options: OebsGateOptions): OebsGate {
  const { checker, intervalMs, log, mover } = options;
  let consumers: readonly Consumer[] = [];
  let timer: NodeJS.Timeout | undefined;
  let working: Promise<void> | undefined;
  let stopping = false;

  async function round(): Promise<number> {
    let all = await checker.expire();
    for (let batches = 0; batches < BATCHES_MOST && !stopping; batches += 1) {
      const took = (await checker.check()) + (await mover.move());
      all += took;
      // A step makes the next one due: done is done when a pass finds nothing.
      if (took === 0) break;
    }
    return all;
  }

  async function work(): Promise<void> {
    try {
      await round();
    } catch (error) {
      if (isTransient(error)) log.warn({ err: error }, 'oebs-gate waits for its database');
      else log.error({ err: error }, 'a round of oebs-gate failed');
    }
  }

  return {
    round,
    start() {
      consumers = options.follow();
      const begin = () => {
        working ??= work().finally(() => {
          working = undefined;
        });
      };
      timer = setInterval(begin, intervalMs);
      begin();
    },
    async stop() {
      stopping = true;
      clearInterval(timer);
      await Promise.all(consumers.map((consumer) => consumer.stop()));
      await working;
    },
  };
}
