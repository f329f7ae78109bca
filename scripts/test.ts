// `npm test [--long] [filter…] [--node-option=…]`: all tests on one PostgreSQL that lives as long as the run, and on
// the brokers that are up.
import { spawn } from 'node:child_process';
import { globSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { endTestServer, isAlive, prepareTemplate, startTestServer } from '#testing';
import { ServiceFault } from './services/service.ts';
import { findTestEngines, type TestEngines } from './services/test-engines.ts';

const ROOT = join(import.meta.dirname, '..');
const PLACES = ['src', 'simulators', 'scripts', 'test'] as const;
/** Files wait for the database more than they compute: four at once took half the time on two cores. */
const CONCURRENCY = 4;
/** In them leases have to end in time: they run behind the others, and mostly wait. */
const CALM = /\bcrash\.test\.ts$/;
const CALM_CONCURRENCY = 2;
/** What all others use goes down in them, or they take all there is: they run at the end, one by one. */
const ALONE = /\b(?:restart|storm)\.test\.ts$/;
const TEST_TIMEOUT_MS = 120_000;
const LONG_TEST_TIMEOUT_MS = 20 * 60_000;
/** For a file whose process does not end although its tests have: the run must. */
const RUN_TIMEOUT_MS = 20 * 60_000;
const LONG_RUN_TIMEOUT_MS = 60 * 60_000;
const KILL_AFTER_MS = 5_000;
const FOLDER = 'kopek-test-run-';

const HELP = `npm test [-- --long] [-- --all-engines] [-- <part of a path>…] [-- --test-name-pattern=<text>]

  --long           also the tests of *.long.test.ts
  --all-engines    fails unless RabbitMQ and Kafka are up
  other options go to node --test

Bus engines on a broker are tested where it is up: npm run services -- start, or a broker of your
own at KOPEK_TEST_AMQP (amqp://…) or KOPEK_TEST_KAFKA (kafka://…).
`;
const OWN_OPTIONS = ['--long', '--all-engines'] as const;

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  if (args.includes('--help')) {
    console.log(HELP);
    return 0;
  }
  const long = args.includes('--long');
  const own = new Set<string>(OWN_OPTIONS);
  const options = args.filter((arg) => arg.startsWith('-') && !own.has(arg));
  const files = findFiles(
    args.filter((arg) => !arg.startsWith('-')),
    long,
  );
  if (files.length === 0) {
    console.error('no test file has that in its path');
    return 1;
  }
  const engines = await findEngines(args.includes('--all-engines'));
  if (!engines) return 1;
  const stop = stopOnSignal();
  await removeAbandonedServers();
  const server = await startTestServer(join(tmpdir(), `${FOLDER}${process.pid}`));
  try {
    await prepareTemplate(server.url);
    if (stop.signal.aborted) return 1;
    console.log(`${files.length} test files, ${engines.summary}\n`);
    const variables = { ...engines.variables, KOPEK_TEST_SERVER: server.url };
    const run = { options, long, variables, signal: stop.signal };
    let code = 0;
    for (const { concurrency, of } of parted(files)) {
      if (of.length === 0 || stop.signal.aborted) continue;
      code = (await runTests({ ...run, files: of, concurrency })) || code;
    }
    return stop.signal.aborted ? 1 : code;
  } finally {
    await endTestServer(server);
  }
}

/** Files by what they need of the machine, in the order in which they run. */
function parted(files: readonly string[]) {
  const calm = files.filter((file) => CALM.test(file));
  const alone = files.filter((file) => ALONE.test(file));
  const together = files.filter((file) => !CALM.test(file) && !ALONE.test(file));
  return [
    { of: together, concurrency: CONCURRENCY },
    { of: calm, concurrency: CALM_CONCURRENCY },
    { of: alone, concurrency: 1 },
  ];
}

/** Undefined when the tests can't mean what was asked for; the reason was told. */
async function findEngines(all: boolean): Promise<TestEngines | undefined> {
  try {
    return await findTestEngines({ environment: process.env, all });
  } catch (error) {
    if (!(error instanceof ServiceFault)) throw error;
    console.error([error.message, ...error.advice].join('\n'));
    return undefined;
  }
}

function findFiles(filters: readonly string[], long: boolean): readonly string[] {
  return PLACES.flatMap((place) => globSync(`${place}/**/*.test.ts`, { cwd: ROOT }))
    .filter((path) => long || !path.endsWith('.long.test.ts'))
    .filter((path) => filters.length === 0 || filters.some((filter) => path.includes(filter)))
    .sort();
}

/** From here on a signal ends the tests, and the run ends by itself after them, its server gone. */
function stopOnSignal(): AbortController {
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => stop.abort());
  return stop;
}

interface Run {
  readonly files: readonly string[];
  readonly concurrency: number;
  readonly options: readonly string[];
  readonly long: boolean;
  /** Where the tests find their servers. */
  readonly variables: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

async function runTests(run: Run): Promise<number> {
  const timeoutMs = run.long ? LONG_TEST_TIMEOUT_MS : TEST_TIMEOUT_MS;
  const limitMs = run.long ? LONG_RUN_TIMEOUT_MS : RUN_TIMEOUT_MS;
  const child = spawn(
    process.execPath,
    [
      ...['--test', '--test-reporter=spec', `--test-concurrency=${run.concurrency}`],
      ...[
        `--test-timeout=${timeoutMs}`,
        `--import=${join(ROOT, 'scripts', 'end-test-process.ts')}`,
      ],
      ...[...run.options, ...run.files],
    ],
    { cwd: ROOT, stdio: 'inherit', env: environment(run.variables) },
  );
  let reason = '';
  const end = (why: string) => {
    reason ||= why;
    child.kill('SIGINT');
    setTimeout(() => child.kill('SIGKILL'), KILL_AFTER_MS).unref();
  };
  const limit = setTimeout(
    () => end(`stopped: not done after ${limitMs / 60_000} minutes`),
    limitMs,
  );
  run.signal.addEventListener('abort', () => end('stopped by a signal'));
  const code = await new Promise<number>((done) => {
    child.on('error', (error) => {
      console.error(error.message);
      done(1);
    });
    child.on('exit', (status) => done(status ?? 1));
  });
  clearTimeout(limit);
  if (reason) console.error(reason);
  return reason ? 1 : code;
}

function environment(variables: Run['variables']): NodeJS.ProcessEnv {
  const cache = join(ROOT, 'node_modules', '.cache', 'kopek');
  return { NODE_COMPILE_CACHE: cache, ...process.env, ...variables };
}

/** A run that was killed with -9 left its server behind. */
async function removeAbandonedServers(): Promise<void> {
  const names = (await readdir(tmpdir())).filter((name) => name.startsWith(FOLDER));
  for (const name of names) {
    if (isAlive(Number(name.slice(FOLDER.length)))) continue;
    const abandoned = await startTestServer(join(tmpdir(), name)).catch(() => undefined);
    if (abandoned) await endTestServer(abandoned);
  }
}
