// A process that publishes, relays and consumes until it is killed: run by tests of crashes, with its settings as JSON.

import { createFakeClock } from '#clock';
import { afterCommit, openDatabase } from '#database';
import { silentLog } from '#log';
import { createMetrics } from '#metrics';
import { LOAD, type Load, numbered, writeEffects } from './conformance-stage.ts';
import { openBus } from './open-bus.ts';
import { defineTopic } from './topic.ts';

export interface CrashSettings {
  readonly url: string;
  readonly bus: string;
  readonly topic: string;
  readonly ordered: boolean;
  readonly attemptsMax: number;
  /** Its time, in milliseconds: that of the test, for which what it puts off would never be due by another one. */
  readonly nowMs: number;
  /** Kills the process. */
  readonly poison?: number;
  /** Says so and never comes back from its handler. */
  readonly hangs?: number;
  /** Says so and comes back a while later. */
  readonly lingersMs?: number;
  /** Dies between the commit of its work and the acknowledgement. */
  readonly diesCommitted?: boolean;
  /** Only relays. */
  readonly consumes?: boolean;
  /** Says so before it sends, and waits for SIGUSR2. */
  readonly holdsSends?: boolean;
  /** Publishes so many, and says so. */
  readonly publishes?: number;
}

const settings = JSON.parse(process.argv[2] ?? '{}') as CrashSettings;
const log = silentLog();

if (settings.holdsSends) {
  const go = new Promise((done) => process.once('SIGUSR2', done));
  const hold = async () => {
    process.stdout.write('sending\n');
    await go;
  };
  await holdSends(hold);
}

const database = openDatabase({ url: settings.url, log, name: 'kopek-test-child' });
const bus = await openBus({
  ...{ url: settings.bus, database, clock: createFakeClock(new Date(settings.nowMs)), log },
  ...{ metrics: createMetrics(), source: 'kopek/test' },
});
const topic = defineTopic<Load>(settings.topic, {
  ...{ schema: LOAD, description: 'numbers', ordered: settings.ordered },
});
const group = { topic, name: 'worker', attemptsMax: settings.attemptsMax };
await bus.declare([group as never]);
if (settings.publishes) {
  await database.transaction((tx) =>
    bus.publish(tx, topic, numbered(settings.publishes ?? 0, { keys: 10 })),
  );
  process.stdout.write('published\n');
}
if (settings.consumes ?? true) {
  bus.consume(group, { batchSize: 40, concurrency: 2 }, async (tx, messages) => {
    await writeEffects(tx, messages);
    const numbers = messages.map((one) => one.payload.n);
    if (settings.diesCommitted) afterCommit(tx, () => process.kill(process.pid, 'SIGKILL'));
    if (numbers.includes(settings.poison ?? -1)) process.kill(process.pid, 'SIGKILL');
    if (settings.lingersMs !== undefined) {
      process.stdout.write('holding\n');
      await new Promise((done) => setTimeout(done, settings.lingersMs));
    }
    if (numbers.includes(settings.hangs ?? -1)) {
      process.stdout.write('holding\n');
      await new Promise(() => {});
    }
  });
}

/** Puts `hold` before whatever the relay's client sends. */
async function holdSends(hold: () => Promise<void>): Promise<void> {
  if (settings.bus.startsWith('kafka')) {
    const { Producer } = await import('@platformatic/kafka');
    const { prototype } = Producer as unknown as { prototype: { send: Send } };
    const { send } = prototype;
    prototype.send = async function (this: unknown, ...args) {
      await hold();
      return send.apply(this, args);
    };
    return;
  }
  const { Connection } = await import('rabbitmq-client');
  const { prototype } = Connection as unknown as { prototype: { acquire: Acquire } };
  const { acquire } = prototype;
  prototype.acquire = async function (this: unknown, ...args) {
    const channel = await acquire.apply(this, args);
    const { basicPublish } = channel;
    channel.basicPublish = async (...params) => {
      await hold();
      return basicPublish.apply(channel, params);
    };
    return channel;
  };
}

type Send = (...args: unknown[]) => Promise<unknown>;
type Acquire = (...args: unknown[]) => Promise<{ basicPublish: Send }>;
