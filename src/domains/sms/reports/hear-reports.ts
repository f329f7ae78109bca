import { type Batcher, createBatcher } from '#batch';
import type { SmsContext } from '#sms/context';
import type { StatusReport } from '#sms/provider';
import { applyReports } from './apply-reports.ts';

/** Takes what providers report: many calls in one transaction, each answered after the commit that holds it. */
export interface Hearing {
  hear(provider: string, reports: readonly StatusReport[]): Promise<void>;
  drain(): Promise<void>;
}

/** A call with more than that is a set by itself. */
const REPORTS_MOST = 50;
const CALLS_MOST = 200;
/** Two would lock the messages of each other: the next one is the larger for waiting. */
const FLUSHES_IN_FLIGHT = 1;
const GATHER_MS = 15;

/** One line for each provider, so that its messages are locked in one order. */
export function createHearing(context: SmsContext): Hearing {
  const { database } = context;
  const lines = new Map<string, Batcher<readonly StatusReport[], void>>();

  function lineOf(provider: string): Batcher<readonly StatusReport[], void> {
    const known = lines.get(provider);
    if (known) return known;
    const made = createBatcher<readonly StatusReport[], void>({
      ...{ itemsMax: CALLS_MOST, flushesInFlight: FLUSHES_IN_FLIGHT, gatherMs: GATHER_MS },
      async flush(calls) {
        const reports = calls.flat();
        await database.transaction((tx) => applyReports(context, tx, { provider, reports }));
        return calls.map(() => undefined);
      },
    });
    lines.set(provider, made);
    return made;
  }

  return {
    async hear(provider, reports) {
      if (reports.length <= REPORTS_MOST) await lineOf(provider).add(reports);
      else await database.transaction((tx) => applyReports(context, tx, { provider, reports }));
    },
    async drain() {
      await Promise.all([...lines.values()].map((line) => line.drain()));
    },
  };
}
