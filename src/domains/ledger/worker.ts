import { isTransient } from '#database';
import type { Log } from '#log';
import { EXPIRED_AT_ONCE, type Holds } from './holds/index.ts';
import { SEALED_AT_ONCE, type Sealer } from './verifying/index.ts';

/** What the ledger does by itself: it seals, and gives back what nobody has ended in time. */
export interface LedgerWorker {
  start(): void;
  /** What is in hand is done first. */
  stop(): Promise<void>;
}

const INTERVAL_MS = 1000;
/** Of one turn: after a long rest the others get their turn too. */
const ROUNDS_MAX = 50;

export function createLedgerWorker(options: {
  readonly ledger: Pick<Holds, 'expire'> & Sealer;
  readonly log: Log;
}): LedgerWorker {
  const { ledger, log } = options;
  let timer: NodeJS.Timeout | undefined;
  let working: Promise<void> | undefined;

  /** Each apart: what fails in the one must not keep the other from its turn. */
  async function attempt(what: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (!isTransient(error)) log.error({ err: error }, what);
    }
  }

  async function turn(): Promise<void> {
    await attempt('holds could not be given back', () =>
      repeat(() => ledger.expire(), EXPIRED_AT_ONCE),
    );
    await attempt('the journal could not be sealed', () =>
      repeat(() => ledger.seal(), SEALED_AT_ONCE),
    );
  }

  return {
    start() {
      timer = setInterval(() => {
        working ??= turn().finally(() => {
          working = undefined;
        });
      }, INTERVAL_MS);
    },
    async stop() {
      clearInterval(timer);
      await working;
    },
  };
}

/** Until less than a whole batch was there. */
async function repeat(work: () => Promise<number>, batch: number): Promise<void> {
  for (let round = 0; round < ROUNDS_MAX; round += 1) if ((await work()) < batch) return;
}
