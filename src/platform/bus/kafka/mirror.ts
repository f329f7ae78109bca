import type { BusCore } from '#bus/core';
import type { QueueRow } from '#bus/store';
import { type KafkaClient, reasonOf } from './client.ts';
import type { KafkaFeed } from './feed.ts';
import { groupOf } from './layout.ts';
import type { Tap } from './tap.ts';

const INTERVAL_MS = 5000;

/** Copies how far a queue has read into its group, after the transactions that say so, for Kafka's own tools. */
export function createMirror(input: {
  readonly core: BusCore;
  readonly client: KafkaClient;
  readonly queue: QueueRow;
  readonly feed: KafkaFeed;
}) {
  const { client, core, feed, queue } = input;
  const shown = new Map<string, bigint>();
  let running: Promise<void> | undefined;

  async function show(): Promise<void> {
    try {
      await feed.closeGaps();
      const moved = feed.taps().filter((tap) => shown.get(placeOf(tap)) !== tap.next);
      if (moved.length === 0) return;
      const parts = await client.parts();
      const topics = [...Map.groupBy(moved, ({ topic }) => topic)].map(([name, taps]) => ({
        name,
        partitionOffsets: taps.map(({ next, partition }) => ({ partition, offset: next })),
      }));
      const offsets = moved.map((tap) => [placeOf(tap), tap.next] as const);
      const showing = parts.admin.alterConsumerGroupOffsets({ groupId: groupOf(queue), topics });
      await client.answered(parts, showing);
      for (const [place, next] of offsets) shown.set(place, next);
    } catch (error) {
      core.log.debug({ reason: reasonOf(error) }, "a group's offsets were not shown to Kafka");
    }
  }

  const timer = setInterval(() => {
    running ??= show().finally(() => {
      running = undefined;
    });
  }, INTERVAL_MS).unref();

  return {
    async close() {
      clearInterval(timer);
      await running;
    },
  };
}

function placeOf({ partition, topic }: Tap): string {
  return `${topic}/${partition}`;
}
