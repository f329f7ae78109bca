import { accessCampaign } from '#acquisition';
import type { Bus, Consumer, Group, Message, Topic } from '#bus';
import type { Clock } from '#clock';
import { contentEvents } from '#content';
import { afterCommit, type Tx } from '#database';
import type { Metrics } from '#metrics';
import { transactionLog } from '#operators';
import { paymentEvents } from '#payments';
import { payoutEvents } from '#payouts';
import { smsEvents } from '#sms';
import { mtManager, subscriptionEvents, userActions } from '#subscriptions';
import {
  insertContentEvents,
  insertHits,
  insertManagerRows,
  insertPaymentEvents,
  insertPayoutEvents,
  insertSmsEvents,
  insertSubscriptionEvents,
  insertTransactionLog,
  insertUserActions,
} from './store.ts';

/** What is written down of a topic: all messages of a batch in one statement. */
interface Recording {
  readonly group: Group;
  readonly insert: (tx: Tx, json: string) => Promise<void>;
}

const GROUP = 'reports';
/** Rows of one statement: beyond this a batch takes longer to no profit. */
const BATCH_SIZE = 500;
/** A story that is told a moment later is told with fewer statements. */
const LINGER_MS = 100;

function recording(topic: Topic<unknown>, insert: Recording['insert']): Recording {
  return { group: { topic, name: GROUP }, insert };
}

const RECORDINGS: readonly Recording[] = [
  recording(accessCampaign as Topic<unknown>, insertHits),
  recording(userActions as Topic<unknown>, insertUserActions),
  recording(subscriptionEvents as Topic<unknown>, insertSubscriptionEvents),
  recording(paymentEvents as Topic<unknown>, insertPaymentEvents),
  recording(smsEvents as Topic<unknown>, insertSmsEvents),
  recording(contentEvents as Topic<unknown>, insertContentEvents),
  recording(payoutEvents as Topic<unknown>, insertPayoutEvents),
  recording(mtManager as Topic<unknown>, insertManagerRows),
  recording(transactionLog as Topic<unknown>, insertTransactionLog),
];

/** To be declared before anything is published: a topic that nobody listens to stores nothing. */
export const reportGroups: readonly Group[] = RECORDINGS.map(({ group }) => group);

/** Starts to write down everything that is told. */
export function startRecording(input: {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly metrics: Metrics;
}): readonly Consumer[] {
  const { bus, clock, metrics } = input;
  const recorded = metrics.counter('kopek_reports_messages_total', 'Messages written down', [
    'topic',
  ]);
  const delay = metrics.histogram(
    'kopek_reports_delay_seconds',
    'From the publication of the oldest message of a batch until it was written down',
    { labels: ['topic'] },
  );
  return RECORDINGS.map(({ group, insert }) =>
    bus.consume(group, { batchSize: BATCH_SIZE, lingerMs: LINGER_MS }, async (tx, messages) => {
      await insert(tx, toJson(messages));
      const topic = group.topic.name;
      const oldestMs = Math.min(...messages.map((message) => message.time.getTime()));
      afterCommit(tx, () => {
        recorded.inc({ topic }, messages.length);
        delay.observe({ topic }, Math.max(0, clock.nowMs() - oldestMs) / 1000);
      });
    }),
  );
}

/**
 * The payloads as they came, each with its message's id as its first member: nothing is parsed here, the
 * database reads the text once.
 */
function toJson(messages: readonly Message<unknown>[]): string {
  return `[${messages.map(({ id, text }) => `{"message_id":"${id}",${text.slice(1)}`).join(',')}]`;
}
