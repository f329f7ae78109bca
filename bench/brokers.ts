import type { Database } from '#database';
import type { BenchContext } from './frame/claim.ts';
import { findBrokers } from './frame/find-brokers.ts';
import { openOurBus } from './frame/our-bus.ts';
import type { Queue } from './frame/queue.ts';

export const name = 'brokers';
export const claim =
  'over a broker, publishes in the transaction of the caller and consumes in that of one row per message, at least ' +
  "half as fast as the broker's client alone does both after the transactions";

const TARGET = 0.5;
const MESSAGES = 30_000;
const SINGLE_MESSAGES = 6000;
const CONCURRENCY = 2;
const SINGLE_CONCURRENCY = 32;

type Opener = (url: string, database: Database) => Promise<Queue>;

export async function run(context: BenchContext): Promise<void> {
  const { brokers, missing } = await findBrokers();
  for (const line of missing) context.note(line);
  for (const { engine, url } of brokers) {
    const bare: Opener =
      engine === 'amqp'
        ? (await import('./frame/bare-amqp.ts')).openBareAmqp
        : (await import('./frame/bare-kafka.ts')).openBareKafka;
    const measured = (open: Opener, measure: (queue: Queue) => Promise<number>) => async () => {
      const queue = await open(url, await context.openDatabase());
      return measure(queue).finally(() => queue.close());
    };
    const against = `${engine} client`;
    for (const [situation, measure] of [
      [`${engine}, in batches`, inBatches],
      [`${engine}, one by one`, oneByOne],
    ] as const) {
      await context.compare({
        ...{ situation, unit: 'messages/s', against, target: TARGET },
        ours: measured(openOurBus, measure),
        floor: measured(bare, measure),
      });
    }
  }
}

/** Messages per second, both hops together. */
async function inBatches(queue: Queue): Promise<number> {
  const beganMs = performance.now();
  await queue.publish({ count: MESSAGES, concurrency: CONCURRENCY });
  await queue.consume({ count: MESSAGES, concurrency: CONCURRENCY });
  return (MESSAGES * 1000) / (performance.now() - beganMs);
}

async function oneByOne(queue: Queue): Promise<number> {
  const beganMs = performance.now();
  await queue.publishSingly?.({ count: SINGLE_MESSAGES, concurrency: SINGLE_CONCURRENCY });
  await queue.consume({ count: SINGLE_MESSAGES, concurrency: CONCURRENCY });
  return (SINGLE_MESSAGES * 1000) / (performance.now() - beganMs);
}
