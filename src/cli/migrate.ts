import { join } from 'node:path';
import {
  type Database,
  migrate,
  openDatabase,
  pendingMigrations,
  startEmbeddedServer,
} from '#database';
import { silentLog } from '#log';
import type { Call, Command } from './command.ts';
import { EXIT } from './exit.ts';
import { embeddedFolder } from './running-database.ts';
import { mustReadConfig } from './settings.ts';

export const migrateCommand: Command = {
  usage: 'migrate [--dry-run]',
  help: `Applies the migrations that the database (DATABASE_URL, or the embedded one) has not seen, one at a time
under a lock: safe while Kopek runs, and from several machines at once.

--dry-run  only tell which`,
  options: { 'dry-run': { type: 'boolean' } },
  words: { least: 0, most: 0 },
  async run(call) {
    const config = mustReadConfig(call);
    const server = config.databaseUrl
      ? undefined
      : await startEmbeddedServer({ folder: embeddedFolder(config) });
    const url = server?.url ?? config.databaseUrl;
    const database = openDatabase({ url, log: silentLog(), name: 'kopek-migrate' });
    try {
      return await migrateOrTell(call, database);
    } finally {
      await database.close();
      await server?.stop();
    }
  },
};

async function migrateOrTell({ root, terminal, values }: Call, database: Database) {
  const folder = join(root, 'db/migrations');
  if (values['dry-run']) {
    const pending = await pendingMigrations(database, folder);
    for (const name of pending) terminal.out(`would apply  ${name}`);
    if (pending.length === 0) terminal.out('Nothing to apply.');
    return EXIT.done;
  }
  const { applied, total } = await migrate(database, folder);
  for (const name of applied) terminal.out(`applied  ${name}`);
  terminal.out(`${applied.length} applied, ${total}/${total} there.`);
  return EXIT.done;
}
