import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { forgetAnswers, forgetPins } from '#auth';
import type { Config } from '#config';
import {
  type Database,
  type EmbeddedServer,
  migrate,
  openDatabase,
  sql,
  startEmbeddedServer,
  untilMigrated,
} from '#database';
import type { Log } from '#log';
import { createMetrics } from '#metrics';
import { takePriority } from '#priority';
import type { CloudPaymentsSimulator } from '#simulators/cloudpayments';
import type { ErpSimulator } from '#simulators/erp';
import type { OperatorSimulator } from '#simulators/operator';
import type { ProcessingSimulator } from '#simulators/processing';
import type { SmsProviderSimulator } from '#simulators/sms-provider';
import { forgetSignIns } from '#subscriptions';
import {
  startCards,
  startErp,
  startOperator,
  startProcessing,
  startSmsProviders,
} from './app-simulators.ts';
import type { App, ProcessName, StartReport } from './cli/app.ts';
import { hideCredentials } from './cli/failure.ts';
import { demoOperator, fillDemo, saveDemoOperator } from './demo.ts';
import { fillCardDemo, saveDemoGateways } from './demo-cards.ts';
import { fillSmsDemo } from './demo-sms.ts';
import { buildHouse, type House } from './house.ts';
import { addHouseMetrics } from './house-metrics.ts';
import { type Running, startProcess } from './processes.ts';
import { openSites, type Site } from './sites.ts';

export interface StartOptions {
  readonly config: Config;
  readonly processes: readonly ProcessName[];
  readonly log: Log;
  /** Fill an empty database with the demo. */
  readonly demo: boolean;
  /** Start the operator's simulator, and let the demo's operator stand there. */
  readonly simulator: boolean;
  /** Start the ERP's simulator, on the bus. */
  readonly erpSimulator?: boolean;
  /** Start the simulator of SMS providers, and let the demo's accounts be with it. */
  readonly smsSimulator?: boolean;
  /** Start the simulator of a card gateway, and let the demo's shop have its account there. */
  readonly cardSimulator?: boolean;
  /** Start the simulator of the service `processing`, and let an account be with it. */
  readonly processingSimulator?: boolean;
  /** Processes that have a door of their own beside the site. */
  readonly ownDoors?: readonly ProcessName[];
  /**
   * Whoever runs many processes migrates once for all: this start waits for it, until the signal is aborted. Absent,
   * or where the database is embedded, the start migrates it.
   */
  readonly waitForMigrations?: AbortSignal;
}

const root = join(import.meta.dirname, '..');
export const migrationsFolder = join(root, 'db', 'migrations');

const TIDY_INTERVAL_MS = 3_600_000;
const TIDY_MOST = 10_000;
const PIN_KEPT_MS = 2 * 86_400_000;
/** Longer than any session lasts. */
const SIGN_IN_KEPT_MS = 2 * 86_400_000;
const ANSWER_KEPT_MS = 2 * 86_400_000;
const STOP_PATIENCE_MS = 4500;

/**
 * Opens the house: database, domains, processes, doors. What fails on the way closes what was opened. `stop`
 * closes in the opposite order, answers what is in work, and is done within five seconds.
 */
export async function startApp(options: StartOptions): Promise<App & { readonly house: House }> {
  const beganMs = performance.now();
  const { config, log, processes } = options;
  const closing = new AsyncDisposableStack();
  try {
    const opened = await openTheDatabase(options, closing);
    const databaseMs = performance.now() - beganMs;
    // A database of our own was started before, and has everybody's place.
    if (config.priority !== 0) takePriority(config.priority, log);
    const metrics = createMetrics({ ofProcess: true });
    const source = `kopek/${processes.join('+')}`;
    const house = await buildHouse({ config, database: opened.database, log, metrics, source });
    closing.defer(() => house.close());
    const { demo, ...simulated } = await furnish(options, house, closing);
    await house.declareGroups();
    addHouseMetrics(house);
    const erp = options.erpSimulator ? await startErp(house) : undefined;
    if (erp) closing.defer(erp.close);
    const running = await startAll(house, processes, closing);
    const version = await readVersion();
    const { ownDoors } = options;
    const sites = await openSites(house, { processes, version, ownDoors });
    closing.defer(() => closeAll(sites));
    tidyUp(house, closing);
    const { subscriptions } = await house.subscriptions.counts();
    return {
      ...{ house, database: house.database, bus: house.bus, reports: house.reports },
      report: {
        database: { ...opened.report, readyMs: Math.round(databaseMs) },
        ...{
          processes,
          simulators: [
            ...(simulated.operator ? [demoOperator.name] : []),
            ...(erp ? ['erp'] : []),
            ...(simulated.smsProviders ? ['sms-provider'] : []),
            ...(simulated.cards ? ['cloudpayments'] : []),
            ...(simulated.processing ? ['processing'] : []),
          ],
        },
        brokers: await lookAtBrokers(house),
        urls: urlsOf(sites, processes, { ...simulated, erp }),
        readyMs: Math.round(performance.now() - beganMs),
        demo,
        counts: { subscriptions: Number(subscriptions) },
      },
      stop: () => stop(closing, running),
    };
  } catch (error) {
    await closing.disposeAsync();
    throw error;
  }
}

async function stop(closing: AsyncDisposableStack, running: readonly Running[]) {
  // Asked twice, each stops once; what they answer is for whoever pressed Ctrl-C.
  const left = await Promise.all(running.map((one) => one.stop()));
  await Promise.race([
    closing.disposeAsync(),
    new Promise((resolve) => setTimeout(resolve, STOP_PATIENCE_MS).unref()),
  ]);
  return { unanswered: left.reduce((sum, one) => sum + one.unanswered, 0) };
}

async function openTheDatabase(options: StartOptions, closing: AsyncDisposableStack) {
  const { config, log } = options;
  let server: EmbeddedServer | undefined;
  if (config.databaseUrl === '') {
    server = await startEmbeddedServer({ folder: join(config.dataDir, 'postgres') });
    const { stop: stopServer } = server;
    closing.defer(stopServer);
  }
  const database = openDatabase({ url: server?.url ?? config.databaseUrl, log });
  closing.defer(() => database.close());
  const applied = await migrateOrWait(database, options);
  const report = {
    version: server?.version ?? (await serverVersion(database)),
    embedded: server !== undefined,
    created: server?.created ?? false,
    migrations: applied,
  };
  return { database, report };
}

/** Answers how many migrations this start has applied. */
async function migrateOrWait(
  database: Database,
  { config, log, waitForMigrations: signal }: StartOptions,
): Promise<number> {
  if (!signal || config.databaseUrl === '') {
    return (await migrate(database, migrationsFolder)).applied.length;
  }
  await untilMigrated(database, migrationsFolder, {
    signal,
    tell: (left) => log.warn({ left }, 'waiting for migrations: kopek migrate applies them'),
  });
  return 0;
}

async function serverVersion(database: Database): Promise<string> {
  const { rows } = await sql<{ version: string }>`
    select current_setting('server_version') as version`.execute(database.pool);
  return rows[0]?.version.split(' ')[0] ?? '';
}

/** The simulator, the operator that stands there, and the demo, where they are wanted. */
async function furnish(options: StartOptions, house: House, closing: AsyncDisposableStack) {
  const { config } = options;
  let operator: OperatorSimulator | undefined;
  if (options.simulator) {
    operator = await startOperator(config);
    const { close } = operator;
    closing.defer(close);
    await saveDemoOperator(house, operator.url);
  }
  const smsProviders = options.smsSimulator ? await startSmsProviders(config) : undefined;
  if (smsProviders) closing.defer(smsProviders.close);
  const cards = options.cardSimulator ? await startCards(config) : undefined;
  if (cards) closing.defer(cards.close);
  const processing = options.processingSimulator ? await startProcessing(config) : undefined;
  if (processing) closing.defer(processing.close);
  const demo: StartReport['demo'] =
    options.demo && (await isEmpty(house))
      ? { created: true, keyFile: await fillDemo(house) }
      : { created: false };
  if (demo.created && smsProviders) await fillSmsDemo(house, smsProviders.url);
  const gateways = { cards: cards?.url, processing: processing?.url };
  await saveDemoGateways(house, { ...gateways, isNew: demo.created });
  if (demo.created) await fillCardDemo(house, { hasShop: cards !== undefined });
  return { demo, operator, smsProviders, cards, processing };
}

async function lookAtBrokers({ bus }: House): Promise<StartReport['brokers']> {
  return (await bus.carriers()).map(({ away, engine }) =>
    away === undefined ? { engine } : { engine, away: hideCredentials(away) },
  );
}

async function isEmpty(house: House): Promise<boolean> {
  return (await house.acquisition.campaigns(1)).length === 0;
}

async function startAll(
  house: House,
  processes: readonly ProcessName[],
  closing: AsyncDisposableStack,
): Promise<readonly Running[]> {
  const running: Running[] = [];
  for (const name of processes) running.push(once(await startProcess(name, house)));
  closing.defer(async () => {
    await Promise.all(running.map((one) => one.stop()));
  });
  return running;
}

function once(process: Running): Running {
  let stopping: ReturnType<Running['stop']> | undefined;
  return { stop: () => (stopping ??= process.stop()) };
}

async function closeAll(sites: readonly Site[]): Promise<void> {
  await Promise.all(sites.map((site) => site.close()));
}

interface Simulators {
  readonly operator: OperatorSimulator | undefined;
  readonly cards: CloudPaymentsSimulator | undefined;
  readonly erp: ErpSimulator | undefined;
  readonly smsProviders: SmsProviderSimulator | undefined;
  readonly processing: ProcessingSimulator | undefined;
}

function urlsOf(
  sites: readonly Site[],
  processes: readonly ProcessName[],
  { cards, erp, operator, processing, smsProviders }: Simulators,
): StartReport['urls'] {
  const phone = {
    ...(operator ? { phone: `http://localhost:${operator.port}/sim` } : {}),
    ...(cards ? { cards: `http://localhost:${cards.port}/` } : {}),
    ...(erp ? { erp: `http://localhost:${erp.port}/` } : {}),
    ...(smsProviders ? { handsets: `http://localhost:${smsProviders.port}/` } : {}),
    ...(processing ? { processing: `http://localhost:${processing.port}/` } : {}),
  };
  const [first] = sites;
  if (!first) return phone;
  const site = `http://localhost:${first.port}`;
  const metrics = `${site}/metrics`;
  if (!processes.includes('dispatcher')) {
    return {
      metrics: sites.map((one) => `http://localhost:${one.port}/metrics`).join('  '),
      ...phone,
    };
  }
  return { site, landing: `${site}/lp/demo`, api: `${site}/docs`, metrics, ...phone };
}

/** What is kept for a while only. One copy's work is enough, and two do no harm. */
function tidyUp(house: House, closing: AsyncDisposableStack): void {
  const { clock, database, log } = house;
  const timer = setInterval(async () => {
    try {
      await forgetPins(database.pool, {
        before: new Date(clock.nowMs() - PIN_KEPT_MS),
        limit: TIDY_MOST,
      });
      await forgetSignIns(database.pool, {
        before: new Date(clock.nowMs() - SIGN_IN_KEPT_MS),
        limit: TIDY_MOST,
      });
      await forgetAnswers(database.pool, {
        before: new Date(clock.nowMs() - ANSWER_KEPT_MS),
        limit: TIDY_MOST,
      });
    } catch (error) {
      log.warn({ err: error }, 'what is kept for a while could not be tidied up');
    }
  }, TIDY_INTERVAL_MS);
  closing.defer(() => clearInterval(timer));
}

async function readVersion(): Promise<string> {
  return JSON.parse(await readFile(join(root, 'package.json'), 'utf8')).version;
}
