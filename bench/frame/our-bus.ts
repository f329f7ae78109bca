import { Type } from 'typebox';
import { type Bus, defineTopic, type Group, type Message, openBus } from '#bus';
import { createSystemClock } from '#clock';
import { type Database, sql } from '#database';
import { silentLog } from '#log';
import { createMetrics } from '#metrics';
import {
  BATCH,
  createEffects,
  createFacts,
  inBatches,
  inFlight,
  type Load,
  type Queue,
  type Wanted,
  writeFact,
} from './queue.ts';

const schema = Type.Object({ n: Type.Integer(), text: Type.String() });
let topics = 0;

/** Kopek's bus on the engine that `url` names, on a topic of its own. */
export async function openOurBus(url: string, database: Database): Promise<Queue> {
  topics += 1;
  const name = `bench.ours.${process.pid}.${Date.now()}.${topics}`;
  const topic = defineTopic<Load>(name, { schema, description: 'benchmark' });
  const bus = await openBus({
    ...{ url, database, clock: createSystemClock(), log: silentLog() },
    ...{ metrics: createMetrics(), source: 'kopek/bench' },
  });
  const group = { topic, name: 'worker' };
  await bus.declare([group as Group]);
  await createEffects(database);
  await createFacts(database);
  const publish = (from: number, count: number) =>
    database.transaction(async (tx) => {
      if (url !== 'postgres:') await writeFact(tx, from);
      await bus.publish(tx, topic, messages(from, count));
    });
  return {
    publish: (wanted) => inBatches(wanted, (from) => publish(from, BATCH)),
    publishSingly: (wanted) => inFlight(wanted, (n) => publish(n, 1)),
    consume: (wanted) => consume(bus, group, wanted),
    close: () => bus.close(),
  };
}

async function consume(bus: Bus, group: Group<Load>, wanted: Wanted): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  let handled = 0;
  const options = { batchSize: BATCH, concurrency: wanted.concurrency };
  const consumer = bus.consume(group, options, async (tx, batch) => {
    await sql`insert into effect (message, n) select * from unnest(
      ${batch.map((message: Message<Load>) => message.id)}::uuid[],
      ${batch.map((message: Message<Load>) => message.payload.n)}::integer[])`.execute(tx);
    handled += batch.length;
    if (handled >= wanted.count) resolve();
  });
  await promise;
  await consumer.stop();
}

function messages(from: number, count: number) {
  return Array.from({ length: count }, (_, at) => ({
    key: `k${from + at}`,
    payload: { n: from + at, text: 'what a message carries, more or less' },
  }));
}
