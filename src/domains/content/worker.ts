import type { Bus, Consumer, Group } from '#bus';
import { type SubscriptionEvent, subscriptionEvents } from '#subscriptions';
import type { Content } from './create-content.ts';

/** Content listens to what was paid. To be declared where the house is wired. */
export const contentGroup: Group<SubscriptionEvent> = {
  topic: subscriptionEvents,
  name: 'content',
};

const BATCH_SIZE = 200;
const LINGER_MS = 15;

/** Delivers what was paid, in sets. */
export function startContentWorker(options: {
  readonly bus: Bus;
  readonly content: Pick<Content, 'deliver'>;
}): Consumer {
  const { bus, content } = options;
  return bus.consume(contentGroup, { batchSize: BATCH_SIZE, lingerMs: LINGER_MS }, (tx, messages) =>
    content.deliver(
      tx,
      messages.map((message) => message.payload),
    ),
  );
}
