import { join } from 'node:path';
import type { Config } from '#config';
import { type Database, findEmbeddedServer, openDatabase } from '#database';
import { silentLog } from '#log';
import { EXIT } from './exit.ts';
import { Refusal } from './refusal.ts';

/** Where the embedded server of a data folder keeps its own. */
export function embeddedFolder(config: Config): string {
  return join(config.dataDir, 'postgres');
}

/**
 * The database of the Kopek that runs with these settings; a `Refusal` (75) when none does. A `name` that ends in
 * `-watching` does not keep an embedded server from stopping.
 */
export async function openRunningDatabase(config: Config, name: string): Promise<Database> {
  const url = config.databaseUrl || (await findEmbeddedServer(embeddedFolder(config)));
  if (!url) {
    throw new Refusal(EXIT.temporary, `No Kopek runs on ${config.dataDir}/ now.`, {
      code: 'KOP-0103',
      advice: ['Start it:  npm start', 'Or name its database with DATABASE_URL or KOPEK_DATA_DIR.'],
    });
  }
  const database = openDatabase({
    url,
    log: silentLog(),
    name: `kopek-${name}`,
    connectionsMax: 4,
  });
  try {
    await database.pool.selectNoFrom((eb) => eb.lit(1).as('one')).execute();
    return database;
  } catch (error) {
    await database.close();
    throw error;
  }
}
