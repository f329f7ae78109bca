import type { Bus, Consumer, Group, Message } from '#bus';
import { newPayoutGroup, type PayoutStatus, type PayoutTopics } from '#payouts/topics';
import type { Statuses } from './apply-statuses.ts';
import type { NewStatus } from './status-store.ts';

const BATCH_SIZE = 200;
const LINGER_MS = 15;
const GROUP = 'oebs-gate';

/** Who listens to the ERP, and the ERP itself: to be declared before anything is published. */
export function payoutGroups(topics: PayoutTopics): readonly Group[] {
  const feeds = [topics.statusArd, topics.statusOebs].map((topic) => ({ topic, name: GROUP }));
  return [...feeds, newPayoutGroup(topics)] as readonly Group[];
}

/** Keeps and judges what both feeds say, in sets; the money that a word moves is moved by the gate. */
export function followStatuses(options: {
  readonly bus: Bus;
  readonly topics: PayoutTopics;
  readonly statuses: Pick<Statuses, 'receive'>;
}): readonly Consumer[] {
  const { bus, statuses, topics } = options;
  const sources = [
    [topics.statusArd, 'ard'],
    [topics.statusOebs, 'oebs'],
  ] as const;
  return sources.map(([topic, source]) =>
    bus.consume(
      { topic, name: GROUP },
      { batchSize: BATCH_SIZE, lingerMs: LINGER_MS },
      async (tx, messages) => {
        await statuses.receive(
          tx,
          messages.map((message) => fromMessage(source, message)),
        );
      },
    ),
  );
}

function fromMessage(source: NewStatus['source'], { payload }: Message<PayoutStatus>): NewStatus {
  const { erp_id: erpId, event_id: eventId, occurred_at: at, reason, status } = payload;
  return {
    ...{ source, eventId, erpId, status, reason },
    occurredAt: at === undefined ? undefined : new Date(at),
  };
}
