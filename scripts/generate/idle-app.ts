import { startApp } from '#app';
import { readConfig } from '#config';
import type { Database } from '#database';
import { silentLog } from '#log';

/** Any free port: nobody else is to call. */
const ANY_PORT = 0;

/** Kopek's site on `database`, which no operator and no customer knows: to be asked what it is. */
export async function startIdleApp(database: Database) {
  const { config } = readConfig({});
  return startApp({
    config: {
      ...config,
      ...{ databaseUrl: database.url, dispatcherPort: ANY_PORT, secret: 'x'.repeat(32) },
    },
    ...{
      processes: [
        'dispatcher',
        'accounts',
        'payout-api',
        'oebs-gate',
        'sms-rules',
        'sms-api',
        'sms-sender',
        'payments-api',
      ],
      log: silentLog(),
      demo: false,
      simulator: false,
    },
  });
}
