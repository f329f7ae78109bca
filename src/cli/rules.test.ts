import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { dump, load } from 'js-yaml';
import { createSystemClock } from '#clock';
import type { Database } from '#database';
import { silentLog } from '#log';
import { createRules } from '#rules';
import { temporaryFolder, testDatabase } from '#testing';

const ROOT = join(import.meta.dirname, '../..');
const KOPEK = join(ROOT, 'bin/kopek.js');

async function openKopek(t: TestContext, database: Database) {
  const folder = await temporaryFolder(t);
  const { PATH = '' } = process.env;
  return {
    folder,
    kopek(...args: readonly string[]) {
      const child = spawn(process.execPath, [KOPEK, 'rules', ...args], {
        ...{ cwd: folder, env: { PATH, DATABASE_URL: database.url } },
      });
      let [out, err] = ['', ''];
      child.stdout.on('data', (chunk) => (out += chunk));
      child.stderr.on('data', (chunk) => (err += chunk));
      return new Promise<{ code: number | null; out: string; err: string }>((done) =>
        child.on('close', (code) => done({ code, out, err })),
      );
    },
  };
}

interface Document {
  readonly version: number;
  readonly rules: readonly { readonly kind: string; readonly id: string }[];
}

/** The law as it holds, with one message a day instead of two, as version 99 of it. */
async function writeStricter(path: string): Promise<void> {
  const law = await readFile(join(ROOT, 'config/rules/laws/ru-230fz-2.yaml'), 'utf8');
  const document = load(law) as Document;
  const rules = document.rules.map((rule) =>
    rule.kind === 'frequencyCap' ? { ...rule, limit: 1 } : rule,
  );
  const effective = { from: '2100-01-01T00:00:00Z' };
  await writeFile(path, dump({ ...document, version: 99, effective, rules }));
}

async function sendTwo(database: Database): Promise<void> {
  const clock = createSystemClock();
  const rules = await createRules({ database, clock, log: silentLog() });
  const settings = { phone: '+78000000000' };
  await database.transaction(async (tx) => {
    await rules.saveEntity(tx, { key: 'alfa', name: 'Alfa', settings }, 'test');
    await rules.saveProvider(tx, { name: 'smsc', title: 'SMSC' }, 'test');
    await rules.allowProvider(tx, { entity: 'alfa', provider: 'smsc', senders: ['Alfa'] }, 'test');
  });
  await rules.refresh();
  await database.transaction((tx) =>
    rules.reserve(
      tx,
      [1, 2].map((n) => ({
        ...{ message: `sms_${n}`, entity: 'alfa', class: 'debt', channel: 'sms', segments: 1 },
        ...{
          recipient: '+79161234567',
          sender: 'Alfa',
          body: `Alfa: у вас просроченная задолженность. +78000000000, ${n}`,
        },
        expiresAt: new Date(clock.nowMs() + 3 * 86_400_000),
      })) as never,
    ),
  );
  rules.close();
}

test('laws are listed, shown, tried on what was asked, and activated', async (t) => {
  const database = await testDatabase(t);
  const { folder, kopek } = await openKopek(t, database);
  const listed = await kopek('list');
  assert.equal(listed.code, 0, listed.err);
  assert.match(listed.out, /^ru-230fz@2 +active +from 2025-09-01$/m);
  assert.match(listed.out, /^ru-230fz@1 +active +from 2024-02-01 to 2025-09-01$/m);
  assert.match(listed.out, /^std@1 +active/m);
  const shown = load((await kopek('show', 'ru-230fz@2')).out) as Document;
  assert.equal(shown.version, 2);
  assert.equal((await kopek('show', 'lost')).code, 3);

  await sendTwo(database);
  const file = join(folder, 'stricter.yaml');
  await writeStricter(file);
  const preview = await kopek('preview', file, '--since', '1d', '--entity', 'alfa', '--json');
  assert.equal(preview.code, 0, preview.err);
  const told = JSON.parse(preview.out);
  assert.equal(told.messages + told.left_out, 2, preview.out);
  const table = await kopek('preview', file);
  assert.match(table.out, /was +would be +messages/);
  assert.match(table.out, /2 messages, of which \d would have been decided otherwise/);
  assert.match(table.err, /100 %, 2 questions/);

  const refused = await kopek('activate', file);
  assert.notEqual(refused.code, 0);
  assert.match(refused.err, /overlaps with version 2/);
  for (let n = 0; n < 2; n += 1) {
    const active = await kopek('activate', file, '--in-place');
    assert.equal(active.code, 0, active.err);
    assert.match(active.out, /ru-230fz@99 holds from 2100-01-01/);
  }
  assert.match((await kopek('list')).out, /ru-230fz@99 +active/);
});

test('the working days of a year are imported, once', async (t) => {
  const database = await testDatabase(t);
  const { folder, kopek } = await openKopek(t, database);
  const file = join(folder, '2031.xml');
  const days = '<days><day d="01.01" t="1" h="1"/><day d="02.21" t="2"/></days>';
  await writeFile(file, `<?xml version="1.0"?><calendar year="2031">${days}</calendar>`);
  for (let n = 0; n < 2; n += 1) {
    const imported = await kopek('calendar', 'import', 'RU', file);
    assert.equal(imported.code, 0, imported.err);
    assert.equal(imported.out, 'RU 2031, version 1: 2 days differ from their weekday.\n');
  }
  assert.equal((await kopek('calendar', 'import', 'RU', join(folder, 'lost.xml'))).code, 3);
});

test('what is said wrong is told, and nothing is done', async (t) => {
  const database = await testDatabase(t);
  const { folder, kopek } = await openKopek(t, database);
  const file = join(folder, 'bad.yaml');
  await writeFile(file, 'id: x\nversion: [');
  for (const [args, says] of [
    [['whatever'], /Say: kopek rules list/],
    [['show'], /Say: kopek rules list/],
    [['calendar', 'import', 'RU'], /Say: kopek rules list/],
    [['preview', file], /is no YAML/],
  ] as const) {
    const { code, err } = await kopek(...args);
    assert.equal(code, 2, err);
    assert.match(err, says);
  }
  await writeFile(file, 'id: x');
  assert.match((await kopek('preview', file)).err, /version|title/);
  const law = join(ROOT, 'config/rules/laws/std.yaml');
  assert.match((await kopek('preview', law, '--since', 'ever')).err, /--since is/);
});
