import type { ReturnedMessage } from 'rabbitmq-client';
import { waitAtMost } from '#bus/patience';
import type { AmqpClient, Channel } from './client.ts';
import type { Topology } from './topology.ts';

const CLOSE_PATIENCE_MS = 500;

/** A channel with publisher confirms: made when it is first needed, and again when it was lost. */
export interface ConfirmingChannel {
  opened(): Promise<Channel>;
  /** By message id, why the broker gave it back. */
  readonly returned: Map<string, string>;
  close(): Promise<void>;
}

export function openConfirming(client: AmqpClient, topology: Topology): ConfirmingChannel {
  const returned = new Map<string, string>();
  let channel: Promise<Channel> | undefined;

  async function open(): Promise<Channel> {
    const fresh = await client.channel();
    fresh.once('close', () => {
      channel = undefined;
      // It may have closed because a queue that we relied on is gone.
      topology.doubt();
    });
    fresh.on('basic.return', ({ messageId, replyText }: ReturnedMessage) => {
      if (messageId) returned.set(messageId, replyText);
    });
    await fresh.confirmSelect();
    return fresh;
  }

  return {
    returned,
    opened() {
      channel ??= open().catch((error) => {
        channel = undefined;
        throw error;
      });
      return channel;
    },
    async close() {
      const closing = channel?.then((open) => open.close());
      if (closing) await waitAtMost(closing, CLOSE_PATIENCE_MS);
    },
  };
}
