import type { Bus, ConsumeOptions, Consumer, Group } from '#bus';
import type { Tx } from '#database';
import type { Log } from '#log';
import { type PaymentResponse, paymentResponses } from '#payments/topics';
import { createTurns } from '#turns';

/** Hears what became of payments by card: of every account there is, and of those that come while it runs. */
export interface ResponseHearing {
  start(): void;
  stop(): Promise<void>;
}

export interface ResponseHearingOptions {
  readonly bus: Bus;
  readonly log: Log;
  /** The accounts that there are at this moment. */
  readonly gateways: () => readonly string[];
  /** Who hears. */
  readonly group: string;
  readonly consuming: ConsumeOptions;
  readonly handle: (tx: Tx, responses: readonly PaymentResponse[]) => Promise<void>;
}

const LOOK_INTERVAL_MS = 250;

/** What somebody who hears responses listens to, to be declared before anyone publishes. */
export function responseGroups(
  group: string,
  gateways: readonly string[],
): readonly Group<PaymentResponse>[] {
  return gateways.map((gateway) => ({ topic: paymentResponses(gateway), name: group }));
}

export function createResponseHearing(options: ResponseHearingOptions): ResponseHearing {
  const { bus, consuming, gateways, group, handle, log } = options;
  const hearing = new Map<string, Consumer>();

  async function look(): Promise<number> {
    const fresh = gateways().filter((gateway) => !hearing.has(gateway));
    const groups = responseGroups(group, fresh);
    if (fresh.length > 0) await bus.declare(groups as readonly Group[]);
    for (const [at, one] of groups.entries()) {
      const consumer = bus.consume(one, consuming, (tx, messages) =>
        handle(
          tx,
          messages.map(({ payload }) => payload),
        ),
      );
      hearing.set(fresh[at] ?? '', consumer);
    }
    return 0;
  }

  const turns = createTurns({
    ...{ turn: look, intervalMs: LOOK_INTERVAL_MS, log },
    name: `the look of ${group} for card gateways`,
  });
  return {
    start: turns.start,
    async stop() {
      await turns.stop();
      await Promise.all([...hearing.values()].map((consumer) => consumer.stop()));
    },
  };
}
