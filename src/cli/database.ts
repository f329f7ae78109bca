import { join } from 'node:path';
import type { Config } from '#config';
import { findEmbeddedServer, migrate, openDatabase, startEmbeddedServer } from '#database';
import { silentLog } from '#log';
import type { Call, Command } from './command.ts';
import { EXIT } from './exit.ts';
import { Refusal } from './refusal.ts';
import { embeddedFolder } from './running-database.ts';
import { mustReadConfig } from './settings.ts';

const ACTIONS = ['start', 'url', 'stop'] as const;

export const databaseCommand: Command = {
  usage: 'database start|url|stop',
  help: `The database by itself, for processes that come and go around it: with DATABASE_URL that one, else an embedded
PostgreSQL under KOPEK_DATA_DIR, which goes on running when the command has ended.

start      starts it, applies the migrations, and prints its DATABASE_URL
url        prints the DATABASE_URL of the one that runs
stop       stops the embedded one, unless a process is still connected to it`,
  options: {},
  words: { least: 1, most: 1 },
  async run(call) {
    const action = ACTIONS.find((one) => one === call.positionals[0]);
    const config = mustReadConfig(call);
    switch (action) {
      case 'start':
        return start(call, config);
      case 'url':
        call.terminal.out(await findUrl(config));
        return EXIT.done;
      case 'stop':
        return stop(call, config);
      default:
        throw new Refusal(EXIT.usage, `It is one of: ${ACTIONS.join(', ')}.`);
    }
  },
};

async function start({ root, terminal }: Call, config: Config): Promise<number> {
  const url =
    config.databaseUrl || (await startEmbeddedServer({ folder: embeddedFolder(config) })).url;
  const database = openDatabase({ url, log: silentLog(), name: 'kopek-database' });
  try {
    await migrate(database, join(root, 'db/migrations'));
  } finally {
    await database.close();
  }
  terminal.out(`DATABASE_URL=${url}`);
  return EXIT.done;
}

async function findUrl(config: Config): Promise<string> {
  const url = config.databaseUrl || (await findEmbeddedServer(embeddedFolder(config)));
  if (url) return url;
  throw new Refusal(EXIT.temporary, `No database runs in ${config.dataDir}/ now.`, {
    code: 'KOP-0103',
    advice: ['Start it:  make start-db   or  npx kopek database start'],
  });
}

async function stop({ terminal }: Call, config: Config): Promise<number> {
  const folder = embeddedFolder(config);
  if (!(await findEmbeddedServer(folder))) {
    terminal.out('None runs.');
    return EXIT.done;
  }
  // What runs there is found, not started.
  await (await startEmbeddedServer({ folder })).stop();
  if (await findEmbeddedServer(folder)) {
    throw new Refusal(EXIT.temporary, 'It goes on: a process is connected to it.', {
      advice: ['Stop the processes first.'],
    });
  }
  terminal.out('Stopped.');
  return EXIT.done;
}
