// A process that consumes until it is killed: run by crash.test.ts with its settings as JSON.

import { LOAD, type Load, writeEffects } from '#bus/conformance-stage';
import { openBus } from '#bus/open-bus';
import { defineTopic } from '#bus/topic';
import { createSystemClock } from '#clock';
import { openDatabase } from '#database';
import { silentLog } from '#log';
import { createMetrics } from '#metrics';

export interface CrashSettings {
  readonly url: string;
  readonly topic: string;
  readonly ordered: boolean;
  readonly attemptsMax: number;
  /** Kills the process. */
  readonly poison?: number;
  /** Says so and never comes back from its handler. */
  readonly hangs?: number;
}

const settings = JSON.parse(process.argv[2] ?? '{}') as CrashSettings;
const log = silentLog();
const database = openDatabase({ url: settings.url, log, name: 'kopek-test-child' });
const bus = await openBus({
  ...{ url: 'postgres:', database, clock: createSystemClock(), log },
  ...{ metrics: createMetrics(), source: 'kopek/test' },
});
const topic = defineTopic<Load>(settings.topic, {
  ...{ schema: LOAD, description: 'numbers', ordered: settings.ordered },
});
const group = { topic, name: 'worker', attemptsMax: settings.attemptsMax };
await bus.declare([group as never]);
bus.consume(group, { batchSize: 40, concurrency: 2 }, async (tx, messages) => {
  await writeEffects(tx, messages);
  const numbers = messages.map((one) => one.payload.n);
  if (numbers.includes(settings.poison ?? -1)) process.kill(process.pid, 'SIGKILL');
  if (numbers.includes(settings.hangs ?? -1)) {
    process.stdout.write('holding\n');
    await new Promise(() => {});
  }
});
