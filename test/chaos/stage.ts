import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { type Bus, openBus } from '#bus';
import { createSystemClock } from '#clock';
import { type Database, sql } from '#database';
import { silentLog } from '#log';
import { createMetrics } from '#metrics';
import type { ProcessName } from '#processes';
import { startOperatorSimulator } from '#simulators/operator';
import { freePort, type Lifetime, temporaryFolder, testDatabase } from '#testing';
import { furnish } from './furnish.ts';
import { type OperatorBook, openBook } from './operator-book.ts';
import { type Kopek, ROOT, runIn, startKopek } from './process.ts';

/** What an operator's row may say otherwise than the demo's: for tests that can't wait. */
export interface OperatorSettings {
  readonly requests_per_second: number;
  readonly timeout_ms: number;
  readonly settle_ms: number;
  readonly inquiry: 'byOurId' | 'repeatIsSafe' | 'none';
}

/** The demo on a database of its own, an operator with its book on disk, and real processes that may die. */
export interface Stage {
  readonly database: Database;
  readonly book: OperatorBook;
  readonly operatorUrl: string;
  /** Where the dispatcher answers, whenever one runs. */
  readonly site: string;
  readonly key: string;
  /** How many messages wait with a broker; where PostgreSQL carries them its tables tell. */
  countWithBroker(): Promise<number>;
  /** One more process with these parts; a second copy of a part gets other ports. */
  start(...parts: readonly ProcessName[]): Promise<Kopek>;
  /** The same of another version, from its checkout. */
  startFrom(root: string, parts: readonly ProcessName[]): Promise<Kopek>;
  /** `kopek migrate`, of this version. */
  migrate(): Promise<void>;
  /** Changes the operator's row and the operator alike; running processes follow within a second. */
  setOperator(settings: Partial<OperatorSettings>): Promise<void>;
}

const SECRET = 'a secret that only the chaos tests know, long enough';
const SWIFT: OperatorSettings = {
  requests_per_second: 300,
  timeout_ms: 1500,
  settle_ms: 2000,
  inquiry: 'byOurId',
};

export async function setStage(
  t: TestContext | undefined,
  settings: Partial<OperatorSettings> = {},
): Promise<Stage> {
  const database = await testDatabase(t);
  return setStageOn(database, t, { operator: settings });
}

export interface StageOptions {
  readonly operator?: Partial<OperatorSettings>;
  /** Further settings of its processes. */
  readonly settings?: Readonly<Record<string, string>>;
  /** A checkout of the version that comes first: it lays out the database. Ours unless told. */
  readonly root?: string;
}

/** The same on a database that its test brings along. */
export async function setStageOn(
  database: Database,
  t: Lifetime | undefined,
  { operator: settings = {}, settings: processSettings = {}, root = ROOT }: StageOptions = {},
): Promise<Stage> {
  const atEnd = t
    ? (work: () => Promise<unknown>) => t.after(work)
    : (await import('node:test')).after;
  const folder = await temporaryFolder(t);
  const port = await freePort();
  const operator = await startOperatorSimulator({
    ...{ port: 0, folder: join(folder, 'operator') },
    moUrl: `http://127.0.0.1:${port}/v1/operators/mobilink/mo`,
  });
  const env = {
    ...{ DATABASE_URL: database.url, KOPEK_DATA_DIR: folder, KOPEK_SECRET: SECRET },
    ...processSettings,
  };
  await furnishFrom(root, { ...env, KOPEK_PORT: String(port) }, operator.url);
  const running: Kopek[] = [];
  const book = openBook(operator.url);
  const startFrom = async (checkout: string, parts: readonly ProcessName[]) => {
    const given = {
      ...env,
      KOPEK_LOG_LEVEL: 'warn',
      KOPEK_PORT: String(port),
      ...(await freePorts()),
    };
    const kopek = await startKopek(['serve', ...parts], given, checkout);
    running.push(kopek);
    return kopek;
  };
  const stage: Stage = {
    ...{ database, book, operatorUrl: operator.url, site: `http://127.0.0.1:${port}` },
    key: (await readFile(join(folder, 'demo-key'), 'utf8')).trim(),
    start: (...parts) => startFrom(ROOT, parts),
    startFrom,
    migrate: () => runIn(ROOT, ['bin/kopek.js', 'migrate'], env),
    setOperator: (changes) => setOperator(database, book, changes),
    countWithBroker: watchBroker(database, processSettings.BUS_URL, atEnd),
  };
  await stage.setOperator({ ...SWIFT, ...settings });
  atEnd(async () => {
    await Promise.all(running.map((kopek) => kopek.kill()));
    await operator.close();
  });
  return stage;
}

/** In a process of its own: it is the other version's code that has to know the other version's tables. */
function furnishFrom(
  root: string,
  env: Readonly<Record<string, string>>,
  operatorUrl: string,
): Promise<void> {
  return root === ROOT
    ? furnish(env, operatorUrl)
    : runIn(root, ['test/chaos/furnish.ts', operatorUrl], env);
}

/** Asks over a bus of its own, which is opened when it is first asked: until then nothing of it helps the processes. */
function watchBroker(
  database: Database,
  url: string | undefined,
  atEnd: (work: () => Promise<unknown>) => unknown,
): () => Promise<number> {
  if (url === undefined) return async () => 0;
  let opened: Promise<Bus> | undefined;
  const open = async () => {
    const bus = await openBus({
      ...{ url, database, clock: createSystemClock(), log: silentLog() },
      ...{ metrics: createMetrics(), source: 'kopek/chaos' },
    });
    atEnd(() => bus.close());
    return bus;
  };
  return async () => {
    opened ??= open();
    const depths = await (await opened).depths();
    return depths.reduce((sum, depth) => sum + depth.ready + depth.delayed, 0);
  };
}

async function freePorts() {
  const [accounts, payoutApi, reqGate, oebsGate, qlistener, mtManager, telco, ...sms] =
    await Promise.all(Array.from({ length: 10 }, () => freePort()));
  const [smsRules, smsApi, smsSender] = sms;
  return {
    ACCOUNTS_PORT: String(accounts),
    PAYOUT_API_PORT: String(payoutApi),
    REQ_GATE_PORT: String(reqGate),
    OEBS_GATE_PORT: String(oebsGate),
    QLISTENER_PORT: String(qlistener),
    MT_MANAGER_PORT: String(mtManager),
    TELCO_PORT: String(telco),
    SMS_RULES_PORT: String(smsRules),
    SMS_API_PORT: String(smsApi),
    SMS_SENDER_PORT: String(smsSender),
  };
}

async function setOperator(
  database: Database,
  book: OperatorBook,
  changes: Partial<OperatorSettings>,
): Promise<void> {
  for (const [name, value] of Object.entries(changes)) {
    await sql`update operators.operator set ${sql.ref(name)} = ${value}`.execute(database.pool);
  }
  if (changes.inquiry) await book.tell('/settings', { inquiry: changes.inquiry }, 'PUT');
}
