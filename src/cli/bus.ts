import { join } from 'node:path';
import { type Bus, createRouting, moveQueues, openBus } from '#bus';
import { createSharedClock } from '#clock';
import type { Config } from '#config';
import { type Database, openDatabase, pendingMigrations, startEmbeddedServer } from '#database';
import { AppError } from '#errors';
import { silentLog } from '#log';
import { createMetrics } from '#metrics';
import type { Call, Command } from './command.ts';
import { EXIT } from './exit.ts';
import { hideCredentials } from './failure.ts';
import { Refusal } from './refusal.ts';
import { embeddedFolder, openRunningDatabase } from './running-database.ts';
import { mustReadConfig } from './settings.ts';

const BROKER_PATIENCE_MS = 2000;
const LOOK_INTERVAL_MS = 50;

export const bus: Command = {
  usage: 'bus status | bus move [--to <URL>] [--from <URL>] [--topic <name>]',
  help: `status tells where each topic's messages wait, and which brokers answer.

move hands queues over to the engines that BUS_URL and BUS_ROUTES name now, with all that waits on the old ones.
All processes must be stopped; the next start goes on with what was moved.

--to     to this engine instead, whatever the settings say; change them afterwards
--from   where the old broker is, when the settings no longer tell
--topic  only this topic`,
  options: { to: { type: 'string' }, from: { type: 'string' }, topic: { type: 'string' } },
  words: { least: 1, most: 1 },
  async run(call) {
    const [what] = call.positionals;
    const run = what === 'status' ? tellStatus : what === 'move' ? move : undefined;
    if (!run) throw new Refusal(EXIT.usage, 'Say: kopek bus status, or kopek bus move.');
    return run(call, mustReadConfig(call));
  },
};

async function mustBeMigrated({ root }: Call, database: Database): Promise<void> {
  const pending = await pendingMigrations(database, join(root, 'db/migrations'));
  if (pending.length === 0) return;
  throw new Refusal(EXIT.usage, 'The database is older than this code.', {
    advice: ['Bring it up to date:  kopek migrate'],
  });
}

async function tellStatus(call: Call, config: Config): Promise<number> {
  const database = await openRunningDatabase(config, 'bus-watching');
  try {
    await mustBeMigrated(call, database);
    return await tell(call, config, database);
  } finally {
    await database.close();
  }
}

async function tell({ terminal }: Call, config: Config, database: Database): Promise<number> {
  const clock = await createSharedClock(database);
  const opened = await openBus({
    ...{ database, clock, log: silentLog(), metrics: createMetrics(), relays: false },
    ...{ url: config.busUrl, routes: config.busRoutes, source: 'kopek/bus' },
  });
  try {
    await untilConnected(opened);
    const depths = await opened.depths();
    const names = depths.map(({ group, topic }) => `${topic} → ${group}`);
    const width = Math.max(5, ...names.map((name) => name.length));
    terminal.out(`${'topic → group'.padEnd(width)}  engine       ready  delayed     dead`);
    for (const [at, { dead, delayed, engine, ready }] of depths.entries()) {
      const numbers = [ready, delayed, dead].map((count) => String(count).padStart(7)).join('  ');
      terminal.out(`${(names[at] ?? '').padEnd(width)}  ${engine.padEnd(9)} ${numbers}`);
    }
    for (const { away, engine, lagSeconds, unsent } of await opened.carriers()) {
      const state = away === undefined ? 'answers' : hideCredentials(away);
      const lag = unsent === 0 ? '' : `, the oldest for ${Math.round(lagSeconds)} s`;
      terminal.out(`${engine}: ${state}; ${unsent} wait to be sent${lag}`);
    }
    return EXIT.done;
  } finally {
    await opened.close();
    clock.close();
  }
}

/** A connection was begun a moment ago: what can't be reached is told after that. */
async function untilConnected(opened: Bus): Promise<void> {
  const endMs = performance.now() + BROKER_PATIENCE_MS;
  while (performance.now() < endMs) {
    const connected = await opened.ready().then(
      () => true,
      () => false,
    );
    if (connected) return;
    await new Promise((done) => setTimeout(done, LOOK_INTERVAL_MS));
  }
}

/** While nothing runs the embedded database does not run either: it is started for it. */
async function move(call: Call, config: Config): Promise<number> {
  const server = config.databaseUrl
    ? undefined
    : await startEmbeddedServer({ folder: embeddedFolder(config) });
  const url = server?.url ?? config.databaseUrl;
  const database = openDatabase({ url, log: silentLog(), name: 'kopek-bus' });
  try {
    await mustBeMigrated(call, database);
    return await moveOn(call, config, database);
  } finally {
    await database.close();
    await server?.stop();
  }
}

async function moveOn({ terminal, values }: Call, config: Config, database: Database) {
  const { from, to, topic } = values;
  const clock = await createSharedClock(database);
  try {
    const known = [config.busUrl, ...config.busRoutes.map(({ url }) => url)];
    const moved = await moveQueues({
      ...{ database, clock, log: silentLog(), metrics: createMetrics() },
      to:
        typeof to === 'string'
          ? createRouting(to, [])
          : createRouting(config.busUrl, config.busRoutes),
      from: typeof from === 'string' ? [...known, from] : known,
      topics: typeof topic === 'string' ? [topic] : [],
    });
    for (const one of moved) {
      const messages = one.messages === 1 ? 'one message' : `${one.messages} messages`;
      terminal.out(`${one.topic} → ${one.group}: ${one.from} → ${one.to}, ${messages}`);
    }
    if (moved.length === 0) terminal.out('Nothing to move: every queue is where it is to be.');
    return EXIT.done;
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'bus_url_missing') throw error;
    throw new Refusal(EXIT.usage, error.message);
  } finally {
    clock.close();
  }
}
