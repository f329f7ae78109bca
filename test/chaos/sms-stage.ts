import { join } from 'node:path';
import type { Database } from '#database';
import { startSmsProviderSimulator } from '#simulators/sms-provider';
import { freePort, type Lifetime, temporaryFolder } from '#testing';
import { type Kopek, startKopek } from './process.ts';
import { openSmsBook, type SmsBook } from './sms-book.ts';
import { openSmsCaller, type SmsCaller } from './sms-caller.ts';
import { furnishSms } from './sms-furnish.ts';

/** The SMS service as real processes that may die, over two providers of the simulator. */
export interface SmsStage extends SmsCaller {
  readonly database: Database;
  readonly book: SmsBook;
  /** One more process; `copy` 0 of sms-sender is the one that providers call back. */
  start(part: 'sms-api' | 'sms-sender' | 'sms-rules', copy?: number): Promise<Kopek>;
}

export interface SmsStageOptions {
  /** Settings of the accounts, such as `timeout_ms`. */
  readonly timeoutMs?: number;
  readonly perSecond?: number;
  readonly seed?: number;
}

const SECRET = 'a secret that only the chaos tests know, long enough';
const COPIES_MOST = 4;
const TIMEOUT_MS = 1500;
const PER_SECOND = 200;

/** North speaks the plain kind with receipts pushed, south is SMSC.ru. North is tried first. */
export async function setSmsStage(
  t: Lifetime,
  database: Database,
  options: SmsStageOptions = {},
): Promise<SmsStage> {
  const { perSecond = PER_SECOND, seed = 1, timeoutMs = TIMEOUT_MS } = options;
  const folder = await temporaryFolder(t);
  const [apiPort, rulesPort, ...senderPorts] = await Promise.all(
    Array.from({ length: COPIES_MOST + 2 }, () => freePort()),
  );
  const callbacks = `http://127.0.0.1:${senderPorts[0]}`;
  const simulator = await startSmsProviderSimulator({
    ...{ port: 0, folder: join(folder, 'providers'), seed },
    settings: {
      smsc: {
        ...{ callbackUrl: `${callbacks}/v1/sms/providers/south/callback`, refuseRepeats: false },
        ...{ repeatMs: 300, repeats: 1000 },
      },
      'generic-http': { repeatMs: 300, repeats: 1000 },
    },
  });
  const env = {
    ...{ DATABASE_URL: database.url, KOPEK_DATA_DIR: folder, KOPEK_SECRET: SECRET },
    ...{ KOPEK_PUBLIC_URL: callbacks, KOPEK_LOG_LEVEL: 'warn' },
  };
  const key = await furnishSms(env, { url: simulator.url, timeoutMs, perSecond });
  const running: Kopek[] = [];
  t.after(async () => {
    await Promise.all(running.map((kopek) => kopek.kill()));
    await simulator.close();
  });
  return {
    ...openSmsCaller(`http://127.0.0.1:${apiPort}`, key),
    ...{ database, book: openSmsBook(simulator.url) },
    async start(part, copy = 0) {
      const kopek = await startKopek(['serve', part], {
        ...env,
        ...{ SMS_API_PORT: String(apiPort), SMS_RULES_PORT: String(rulesPort) },
        SMS_SENDER_PORT: String(senderPorts[copy]),
      });
      running.push(kopek);
      return kopek;
    },
  };
}
