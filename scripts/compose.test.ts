import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { load } from 'js-yaml';
import { readConfig, settingNames } from '#config';
import { PROCESS_NAMES, type ProcessName } from '#processes';

const ROOT = join(import.meta.dirname, '..');

interface Service {
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string | null>>;
  readonly healthcheck?: { readonly test?: readonly string[] };
}

interface Scrape {
  readonly static_configs: readonly {
    readonly targets: readonly string[];
    readonly labels: { readonly process: string };
  }[];
}

/** What the image and compose.yaml decide by themselves, what a file beside it would need, and what only `kopek up` reads. */
const DECIDED =
  /^KOPEK_(HOST|PORT|DATA_DIR|PRIORITY|DEMO|\w+_SIMULATOR)$|_PORT$|^LEDGER_ACCOUNT_TYPES$/;

const { services } = await readYaml<{ readonly services: Readonly<Record<string, Service>> }>(
  'compose.yaml',
);

test('each process has a container, whose health is asked at its own port', () => {
  const served = Object.values(services).flatMap(({ command = [] }) =>
    command[0] === 'serve' ? command.slice(1) : [],
  );
  assert.deepEqual(served.toSorted(), PROCESS_NAMES.toSorted());
  for (const name of PROCESS_NAMES) {
    if (name === 'dispatcher') continue; // the image's own check asks at that port
    assert.equal(services[name]?.healthcheck?.test?.at(-1), String(portOf(name)), name);
  }
});

test('Prometheus scrapes each process at its own port', async () => {
  const { scrape_configs: jobs } = await readYaml<{ readonly scrape_configs: readonly Scrape[] }>(
    'deploy/prometheus/prometheus.yml',
  );
  const targets = jobs.flatMap((job) =>
    job.static_configs.map(({ labels, targets: [target] }) => [labels.process, target]),
  );
  const wanted = PROCESS_NAMES.map((name) => [name, `${name}:${portOf(name)}`]);
  assert.deepEqual(targets.toSorted(), wanted.toSorted());
});

test('every setting that a process reads can be given to it', () => {
  const given = Object.keys(services.dispatcher?.environment ?? {});
  const wanted = settingNames.filter((name) => !DECIDED.test(name));
  assert.deepEqual(given.toSorted(), wanted.toSorted());
});

function portOf(name: ProcessName): number {
  const key = `${name.replaceAll(/-(\w)/g, (_, letter: string) => letter.toUpperCase())}Port`;
  const port = Object.entries(readConfig({}).config).find(([known]) => known === key)?.[1];
  assert.ok(typeof port === 'number', key);
  return port;
}

async function readYaml<Document>(path: string): Promise<Document> {
  return load(await readFile(join(ROOT, path), 'utf8')) as Document;
}
