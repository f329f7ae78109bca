import { migrationsFolder } from '#app';
import { readConfig } from '#config';
import { migrate, openDatabase } from '#database';
import { fillDemo, saveDemoOperator } from '#demo';
import { buildHouse } from '#house';
import { silentLog } from '#log';
import { createMetrics } from '#metrics';

/** Terms, campaigns and a key as the demo has them, in a migrated database; nothing runs yet. */
export async function furnish(
  env: Readonly<Record<string, string | undefined>>,
  operatorUrl: string,
): Promise<void> {
  const { config } = readConfig(env);
  const database = openDatabase({ url: config.databaseUrl, log: silentLog() });
  try {
    await migrate(database, migrationsFolder);
    const house = await buildHouse({
      ...{ config, database, log: silentLog(), metrics: createMetrics() },
      source: 'kopek/chaos',
    });
    await saveDemoOperator(house, operatorUrl);
    await fillDemo(house);
    await house.declareGroups();
    await house.close();
  } finally {
    await database.close();
  }
}

// As a program: another version of Kopek lays out a database for itself.
if (import.meta.main) await furnish(process.env, process.argv[2] ?? '');
