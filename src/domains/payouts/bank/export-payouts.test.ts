import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { hash } from 'node:crypto';
import { once } from 'node:events';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { createFakeClock } from '#clock';
import { type Database, sql } from '#database';
import { createIdSource } from '#ids';
import { temporaryFolder, testDatabase } from '#testing';
import { createBankGate } from './bank-gate.ts';
import { createExporter, type Exported, type Exporter } from './export-payouts.ts';
import { DEBTOR, erpIdOf, handToBank, IBAN, orderOf, setRequisites } from './fixture.ts';
import { readPain001 } from './pain001.ts';

const NOW = new Date('2026-11-25T20:00:00Z');
const JPY = { currency: 'JPY', name: 'Kopek Japan', account: '0012345', bank: '' };
let nextProcess = 1;

function exporterOf(database: Database, folder: string, more = {}): Exporter {
  const ids = createIdSource(nextProcess++);
  const clock = createFakeClock(NOW);
  return createExporter({ database, clock, ids, folder, debtors: [DEBTOR, JPY], ...more });
}

async function exportAll(exporter: Exporter) {
  const files: Exported[] = [];
  const { leftOut } = await exporter.exportReady((file) => files.push(file));
  return { files, leftOut };
}

/** Which payouts stand in the files of a folder, as a bank reads them. */
async function readFolder(folder: string): Promise<readonly string[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.xml'));
  const read = await Promise.all(names.map((name) => readFile(join(folder, name))));
  return read.flatMap((bytes) => readPain001(bytes).payments.map(({ erpId }) => erpId));
}

async function stage(t: Parameters<typeof testDatabase>[0]) {
  const [database, folder] = await Promise.all([testDatabase(t), temporaryFolder(t)]);
  return { database, folder };
}

test('all that is ready comes into one file, a batch for each currency, and once', async (t) => {
  const { database, folder } = await stage(t);
  await setRequisites(database, { clientId: 'music', currency: 'EUR' });
  await setRequisites(database, { clientId: 'music', currency: 'JPY' });
  await handToBank(database, [{ id: 1n }, { id: 2n, currency: 'JPY', amountMinor: 500n }]);
  await handToBank(database, [{ id: 3n, amountMinor: 5n }]);
  const { files, leftOut } = await exportAll(exporterOf(database, folder));
  assert.deepEqual(leftOut, []);
  const [file] = files;
  assert.ok(file && files.length === 1);
  assert.equal(file.count, 3);
  assert.deepEqual(file.sums, [
    { currency: 'EUR', count: 2, amountMinor: 12_350n },
    { currency: 'JPY', count: 1, amountMinor: 500n },
  ]);
  const bytes = await readFile(file.path);
  assert.equal(hash('sha256', bytes, 'hex'), file.sha256);
  const text = bytes.toString();
  assert.match(text, /<CtrlSum>623\.50<\/CtrlSum>/);
  assert.equal([...text.matchAll(/<PmtInf>/g)].length, 2);
  assert.match(text, /<Dt>2026-11-25<\/Dt>/);
  assert.deepEqual((await readFolder(folder)).toSorted(), [1n, 2n, 3n].map(erpIdOf));
  assert.deepEqual((await exportAll(exporterOf(database, folder))).files, []);
});

test('written again it is the same bytes, whatever has changed meanwhile', async (t) => {
  const { database, folder } = await stage(t);
  await setRequisites(database, { clientId: 'music', currency: 'EUR' });
  await handToBank(database, [{ id: 1n }]);
  const { files } = await exportAll(exporterOf(database, folder));
  const before = await readFile(files[0]?.path ?? '', 'utf8');
  assert.match(before, new RegExp(IBAN));
  const account = 'DE89370400440532013000';
  await setRequisites(database, { clientId: 'music', currency: 'EUR', account });
  const elsewhere = await temporaryFolder(t);
  const debtors = [{ ...DEBTOR, name: 'Another name' }];
  const exporter = exporterOf(database, elsewhere, { debtors });
  const again = await exporter.exportAgain(files[0]?.messageId ?? '');
  assert.equal(await readFile(again.path, 'utf8'), before);
  await assert.rejects(exporter.exportAgain('KOPEK-NONE'), { code: 'bank_file_unknown' });
});

test('what a file says is compared with the database, and a difference is told', async (t) => {
  const { database, folder } = await stage(t);
  await setRequisites(database, { clientId: 'music', currency: 'EUR' });
  await handToBank(database, [{ id: 1n }]);
  const { files } = await exportAll(exporterOf(database, folder));
  await sql`update payouts.bank_batch set name = 'Somebody else'`.execute(database.pool);
  await assert.rejects(exporterOf(database, folder).exportAgain(files[0]?.messageId ?? ''), {
    code: 'bank_file_differs',
  });
});

test('what may not go out stays, and the reason is told', async (t) => {
  const { database, folder } = await stage(t);
  await setRequisites(database, { clientId: 'music', currency: 'EUR' });
  await setRequisites(database, { clientId: 'held', currency: 'EUR' });
  await setRequisites(database, { clientId: 'music', currency: 'USD' });
  await handToBank(database, [
    { id: 1n, clientId: 'nobody' },
    { id: 2n, clientId: 'held' },
    { id: 3n, currency: 'USD' },
    ...[4n, 5n, 6n].map((id) => ({ id })),
  ]);
  await sql`insert into payouts.client (client_id, held_reason, held_by, held_at)
    values ('held', 'a check', 'test', ${NOW})`.execute(database.pool);
  await sql`update payouts.payout set state = 'rejected', closed_at = ${NOW} where id = 4`.execute(
    database.pool,
  );
  await sql`update payouts.payout set moving = 'reject', moving_cause = '{}' where id = 5`.execute(
    database.pool,
  );
  await sql`update payouts.payout set conflict = 'two words' where id = 6`.execute(database.pool);
  const { files, leftOut } = await exportAll(exporterOf(database, folder));
  assert.deepEqual(files, []);
  assert.deepEqual(
    leftOut.map(({ count, reason }) => [reason, count]),
    [
      ['held', 1],
      ['no_debtor', 1],
      ['no_requisites', 1],
      ['not_to_be_sent', 3],
    ],
  );
  await sql`delete from payouts.client`.execute(database.pool);
  assert.equal((await exportAll(exporterOf(database, folder))).files[0]?.count, 1);
});

test('two exports at the same time put no payout into two files', async (t) => {
  const { database, folder } = await stage(t);
  await setRequisites(database, { clientId: 'music', currency: 'EUR' });
  const ids = Array.from({ length: 60 }, (_, n) => BigInt(n + 1));
  await handToBank(
    database,
    ids.map((id) => ({ id })),
  );
  const exporters = [1, 2, 3].map(() => exporterOf(database, folder, { paymentsMax: 7 }));
  await Promise.all(exporters.map(exportAll));
  assert.deepEqual((await readFolder(folder)).toSorted(), ids.map(erpIdOf).toSorted());
});

test('a payout that is handed over twice is one line, and in a file it stays', async (t) => {
  const { database, folder } = await stage(t);
  await setRequisites(database, { clientId: 'music', currency: 'EUR' });
  await handToBank(database, [{ id: 1n }]);
  await database.transaction((tx) => createBankGate().send(tx, [orderOf({ id: 1n })]));
  assert.equal((await exportAll(exporterOf(database, folder))).files[0]?.count, 1);
  for (const change of [
    sql`update payouts.bank_line set file_id = 7 where payout_id = 1`,
    sql`delete from payouts.bank_line where payout_id = 1`,
  ])
    await assert.rejects(change.execute(database.pool), /stands in a file already/);
});

test('killed at every step of an export: each payout is in one file, which is whole', {
  timeout: 180_000,
}, async (t) => {
  const { database, folder } = await stage(t);
  await setRequisites(database, { clientId: 'music', currency: 'EUR' });
  const child = new URL('export-child.ts', import.meta.url).pathname;
  const ids: bigint[] = [];
  let kills = 0;
  for (let dieAt = 1; ; dieAt += 1) {
    const fresh = [1, 2, 3, 4, 5].map((n) => BigInt(100 * dieAt + n));
    ids.push(...fresh);
    await handToBank(
      database,
      fresh.map((id) => ({ id })),
    );
    const running = spawn(process.execPath, [child, database.url, folder, String(dieAt)], {
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    const [code, signal] = await once(running, 'exit');
    if (signal === null) {
      assert.equal(code, 0);
      break;
    }
    kills += 1;
  }
  assert.ok(kills >= 15, `it was killed ${kills} times`);
  await exportAll(exporterOf(database, folder));
  assert.deepEqual((await readFolder(folder)).toSorted(), ids.map(erpIdOf).toSorted());
  const { rows } = await sql<{ message_id: string; sha256: string }>`
    select message_id, sha256 from payouts.bank_file`.execute(database.pool);
  for (const { message_id, sha256 } of rows) {
    const bytes = await readFile(join(folder, `${message_id}.xml`));
    assert.equal(hash('sha256', bytes, 'hex'), sha256);
  }
  // A draft of a run that was killed is no file.
  await writeFile(join(folder, 'KOPEK-X.xml.1.draft'), '<half');
  assert.equal((await readFolder(folder)).length, ids.length);
});
