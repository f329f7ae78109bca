import { join } from 'node:path';
import { openBus } from '#bus';
import { createSystemClock } from '#clock';
import { type Config, type ConfigReading, readConfig } from '#config';
import { type Database, findEmbeddedServer, openDatabase, pendingMigrations } from '#database';
import { AppError, messageOf } from '#errors';
import { silentLog } from '#log';
import { createMetrics } from '#metrics';
import { createOperators } from '#operators';
import type { Call, Command } from './command.ts';
import { EXIT } from './exit.ts';
import { explanationOf } from './explanations.ts';
import { hideCredentials } from './failure.ts';
import { embeddedFolder } from './running-database.ts';
import { describeFault } from './settings.ts';

const CALL_TIMEOUT_MS = 3000;
const BROKER_PATIENCE_MS = 1000;

/** What was tried, and what came of it: `bad` keeps Kopek from starting, `warning` does not. */
interface Reach {
  readonly name: string;
  readonly state: 'good' | 'bad' | 'warning' | 'skipped';
  readonly text: string;
  readonly code?: string;
}

export const check: Command = {
  usage: 'check [--json]',
  help: `Reads all settings and tries to reach what they name. Tells everything that is wrong at once; changes nothing.
2 when Kopek would not start.

--json     one JSON object`,
  options: { json: { type: 'boolean' } },
  words: { least: 0, most: 0 },
  async run(call) {
    const reading = readConfig(undefined, { dotenv: call.dotenv });
    const reaches = await reach(call, reading);
    const bad = reading.faults.length + reaches.filter(({ state }) => state === 'bad').length;
    if (call.values.json) tellJson(call, reading, reaches);
    else tell(call, reading, reaches);
    return bad > 0 ? EXIT.usage : EXIT.done;
  },
};

async function reach({ root }: Call, { config, faults }: ConfigReading): Promise<Reach[]> {
  if (faults.some(({ name }) => ['DATABASE_URL', 'KOPEK_DATA_DIR'].includes(name))) {
    return [{ name: 'database', state: 'skipped', text: 'its setting is at fault' }];
  }
  const url = config.databaseUrl || (await findEmbeddedServer(embeddedFolder(config)));
  if (!url) {
    return [{ name: 'database', state: 'skipped', text: 'embedded: it starts with Kopek' }];
  }
  const database = openDatabase({ url, log: silentLog(), name: 'kopek-check', connectionsMax: 2 });
  try {
    const found = await reachDatabase(database, join(root, 'db/migrations'));
    if (found.state === 'bad') return [found];
    if (found.state === 'warning') return [found];
    return [found, ...(await reachBus(database, config)), ...(await reachOperators(database))];
  } finally {
    await database.close();
  }
}

async function reachDatabase(database: Database, migrations: string): Promise<Reach> {
  const beganMs = performance.now();
  try {
    const pending = await pendingMigrations(database, migrations);
    const took = `${Math.round(performance.now() - beganMs)} ms`;
    if (pending.length === 0) return { name: 'database', state: 'good', text: took };
    const what = pending.length === 1 ? 'one migration is' : `${pending.length} migrations are`;
    const text = `${took}, ${what} not applied yet`;
    return { name: 'database', state: 'warning', text };
  } catch (error) {
    const code = error instanceof AppError ? explanationOf(error.code)?.code : undefined;
    const text = hideCredentials(messageOf(error));
    return { name: 'database', state: 'bad', text, code: code ?? 'KOP-0210' };
  }
}

/** A broker that is away does not keep Kopek from starting: what is published waits. */
async function reachBus(database: Database, config: Config): Promise<Reach[]> {
  const { busRoutes: routes, busUrl: url } = config;
  if ([url, ...routes.map((route) => route.url)].every((one) => one === 'postgres:')) {
    return [{ name: 'bus', state: 'good', text: 'same database' }];
  }
  const shared = {
    database,
    log: silentLog(),
    metrics: createMetrics(),
    clock: createSystemClock(),
  };
  const bus = await openBus({ ...shared, url, routes, source: 'kopek/check', relays: false });
  try {
    await bus.ready().catch(() => new Promise((done) => setTimeout(done, BROKER_PATIENCE_MS)));
    return (await bus.carriers()).map(({ away, engine }): Reach => {
      if (away === undefined) return { name: 'bus', state: 'good', text: `${engine} answers` };
      return { name: 'bus', state: 'warning', text: hideCredentials(away), code: 'KOP-0315' };
    });
  } finally {
    await bus.close();
  }
}

async function reachOperators(database: Database): Promise<Reach[]> {
  const operators = await createOperators({ database, log: silentLog(), metrics: createMetrics() });
  try {
    return await Promise.all(
      operators.all().map(async ({ name, baseUrl }): Promise<Reach> => {
        const beganMs = performance.now();
        try {
          // Whatever it answers, somebody is there; nobody is charged or written to for a test.
          await fetch(baseUrl, { method: 'HEAD', signal: AbortSignal.timeout(CALL_TIMEOUT_MS) });
          const took = Math.round(performance.now() - beganMs);
          return { name, state: 'good', text: `${took} ms` };
        } catch {
          const text = `no answer at ${hideCredentials(baseUrl)}`;
          return { name, state: 'warning', text, code: 'KOP-0410' };
        }
      }),
    );
  } finally {
    await operators.close();
  }
}

const MARKS = { good: '✓', bad: '✗', warning: '!', skipped: '–' } as const;

function tell(
  { terminal }: Call,
  { faults, sources, unknown }: ConfigReading,
  reaches: readonly Reach[],
): void {
  const from = Object.groupBy(sources.values(), (source) => source.split(':')[0] ?? '');
  const count = (source: string) => from[source]?.length ?? 0;
  terminal.out(
    `\n  Settings from  .env (${count('.env')})  environment (${count('environment')})  ` +
      `defaults (${count('default')})\n`,
  );
  for (const fault of faults) {
    const [first, ...rest] = describeFault(fault);
    terminal.out(`  ${terminal.paint('bad', '✗')} ${first}`);
    for (const line of rest) terminal.out(`    ${line}`);
  }
  for (const { name, nearest, source } of unknown) {
    const meant = nearest ? `  Meant ${nearest}?` : '';
    terminal.out(
      `  ${terminal.paint('warning', '?')} ${name.padEnd(24)} unknown setting.${meant}   ${source}`,
    );
  }
  if (faults.length + unknown.length > 0) terminal.out();
  for (const { name, state, text, code } of reaches) {
    const tone = state === 'skipped' ? 'quiet' : state;
    const mark = terminal.paint(tone, MARKS[state]);
    terminal.out(`  ${mark} ${name.padEnd(24)} ${text}${code ? `   ${code}` : ''}`);
  }
  terminal.out(`\n  ${summary({ faults, sources, unknown }, reaches)}\n`);
}

function summary(
  { faults, sources, unknown }: Pick<ConfigReading, 'faults' | 'sources' | 'unknown'>,
  reaches: readonly Reach[],
): string {
  const errors = faults.length + reaches.filter(({ state }) => state === 'bad').length;
  const warnings = reaches.filter(({ state }) => state === 'warning').length;
  const told = [
    ...(errors > 0 ? [`${errors} ${errors === 1 ? 'error' : 'errors'}`] : []),
    ...(warnings > 0 ? [`${warnings} ${warnings === 1 ? 'warning' : 'warnings'}`] : []),
    ...(unknown.length > 0 ? [`${unknown.length} unknown`] : []),
  ].join(', ');
  if (errors > 0) return `${told}.  Kopek would not start.   kopek explain <code> tells more.`;
  return `${sources.size} settings ok${told ? `; ${told}` : ''}.`;
}

function tellJson(
  { terminal }: Call,
  { faults, sources, unknown }: ConfigReading,
  reaches: readonly Reach[],
): void {
  const facts = { faults, unknown, reach: reaches, sources: Object.fromEntries(sources) };
  terminal.out(JSON.stringify({ type: 'check', ...facts }));
}
