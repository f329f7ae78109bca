// `npm test [--long] [filter…] [--node-option=…]`: all tests on one PostgreSQL that lives as long as the run.
import { spawn } from 'node:child_process';
import { globSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { endTestServer, isAlive, prepareTemplate, startTestServer } from '#testing';

const ROOT = join(import.meta.dirname, '..');
const PLACES = ['src', 'simulators', 'scripts', 'test'] as const;
/** Files wait for the database more than they compute: four at once took half the time on two cores. */
const CONCURRENCY = 4;
const TEST_TIMEOUT_MS = 60_000;
const LONG_TEST_TIMEOUT_MS = 20 * 60_000;
/** For a file whose process does not end although its tests have: the run must. */
const RUN_TIMEOUT_MS = 10 * 60_000;
const LONG_RUN_TIMEOUT_MS = 60 * 60_000;
const KILL_AFTER_MS = 5_000;
const FOLDER = 'kopek-test-run-';
/** The engines whose conformance suites run: a broker's needs its broker, whose URL is in the environment. */
const BROKERS = { amqp: 'KOPEK_TEST_AMQP', kafka: 'KOPEK_TEST_KAFKA' } as const;

const HELP = `npm test [-- --long] [-- <part of a path>…] [-- --test-name-pattern=<text>]

  --long     also the tests of *.long.test.ts
  other options go to node --test
`;

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  if (args.includes('--help')) {
    console.log(HELP);
    return 0;
  }
  const long = args.includes('--long');
  const options = args.filter((arg) => arg.startsWith('-') && arg !== '--long');
  const files = findFiles(
    args.filter((arg) => !arg.startsWith('-')),
    long,
  );
  if (files.length === 0) {
    console.error('no test file has that in its path');
    return 1;
  }
  const stop = stopOnSignal();
  await removeAbandonedServers();
  const server = await startTestServer(join(tmpdir(), `${FOLDER}${process.pid}`));
  try {
    await prepareTemplate(server.url);
    if (stop.signal.aborted) return 1;
    console.log(`${files.length} test files, bus engines: ${nameEngines()}\n`);
    return await runTests({ files, options, long, url: server.url, signal: stop.signal });
  } finally {
    await endTestServer(server);
  }
}

/** Says plainly what is not run. */
function nameEngines(): string {
  const brokers = Object.entries(BROKERS).map(([engine, variable]) =>
    process.env[variable] ? engine : `${engine} not run (${variable} is not set)`,
  );
  return ['postgres', ...brokers].join(', ');
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
  readonly options: readonly string[];
  readonly long: boolean;
  readonly url: string;
  readonly signal: AbortSignal;
}

async function runTests(run: Run): Promise<number> {
  const timeoutMs = run.long ? LONG_TEST_TIMEOUT_MS : TEST_TIMEOUT_MS;
  const limitMs = run.long ? LONG_RUN_TIMEOUT_MS : RUN_TIMEOUT_MS;
  const child = spawn(
    process.execPath,
    [
      ...['--test', '--test-reporter=spec', `--test-concurrency=${CONCURRENCY}`],
      ...[`--test-timeout=${timeoutMs}`, ...run.options, ...run.files],
    ],
    { cwd: ROOT, stdio: 'inherit', env: environment(run.url) },
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

function environment(url: string): NodeJS.ProcessEnv {
  const cache = join(ROOT, 'node_modules', '.cache', 'kopek');
  return { NODE_COMPILE_CACHE: cache, ...process.env, KOPEK_TEST_SERVER: url };
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
