import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Database, sql } from '#database';
import { temporaryFolder, testDatabase } from '#testing';

const KOPEK = join(import.meta.dirname, '../../bin/kopek.js');
const ERP_ID = '0123456789abcdef0123456789abcdef';
const DEBTORS = {
  PAYOUT_DEBTOR_NAME: 'Kopek Ltd',
  PAYOUT_DEBTORS: 'EUR=DE89 3704 0044 0532 0130 00/COBADEFFXXX',
};

async function openKopek(t: Parameters<typeof temporaryFolder>[0], database: Database) {
  const folder = await temporaryFolder(t);
  const { PATH = '' } = process.env;
  return {
    folder,
    kopek(args: readonly string[], env: Record<string, string> = {}) {
      const child = spawn(process.execPath, [KOPEK, ...args], {
        ...{ cwd: folder, env: { PATH, DATABASE_URL: database.url, ...env } },
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

/** As oebs-gate leaves it where a bank pays, but for the money: the ledger knows nothing of it. */
async function handOver(database: Database): Promise<void> {
  await sql`
    insert into payouts.payout (id, request_id, client_id, account, currency, amount_minor, reserved_minor, state,
      erp_id, reserve_id, send_id, pay_id, give_back_id, return_id, created_at, sent_at)
    values (7, 1, 'music', 'acc_7', 'EUR', 500, 500, 'in_flight', ${ERP_ID}, gen_random_uuid(), gen_random_uuid(),
      gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), now(), now())`.execute(
    database.pool,
  );
  await sql`
    insert into payouts.bank_line (payout_id, erp_id, reference, client_id, currency, amount_minor, ready_at)
    values (7, ${ERP_ID}, 'po_7', 'music', 'EUR', 500, now())`.execute(database.pool);
}

test('export writes a file and tells what is left out, import takes the answer once', async (t) => {
  const database = await testDatabase(t);
  const { folder, kopek } = await openKopek(t, database);
  await handOver(database);
  const waiting = await kopek(['payouts', 'export'], DEBTORS);
  assert.equal(waiting.code, 0, waiting.err);
  assert.match(waiting.out, /Nothing is ready/);
  assert.match(waiting.err, /1 in EUR have no requisites: PUT .* \(music, for one\)/);
  await sql`
    insert into payouts.requisites (client_id, currency, name, account, bank, set_by, set_at)
    values ('music', 'EUR', 'A partner', 'GB82WEST12345698765432', '', 'test', now())`.execute(
    database.pool,
  );
  const exported = await kopek(['payouts', 'export', '--folder', 'out'], DEBTORS);
  assert.equal(exported.code, 0, exported.err);
  const [, id = ''] = /^(KOPEK-\w+): one payment, 5\.00 EUR$/m.exec(exported.out) ?? [];
  const text = await readFile(join(folder, 'out', `${id}.xml`), 'utf8');
  assert.match(text, new RegExp(`<EndToEndId>${ERP_ID}</EndToEndId>`));
  const again = await kopek(['payouts', 'export', '--again', id, '--folder', 'twice'], DEBTORS);
  assert.equal(again.code, 0, again.err);
  assert.equal(await readFile(join(folder, 'twice', `${id}.xml`), 'utf8'), text);

  const report = `<Document><CstmrPmtStsRpt><GrpHdr><MsgId>B-1</MsgId><CreDtTm>2026-11-26T08:00:00Z</CreDtTm></GrpHdr>
<OrgnlGrpInfAndSts><OrgnlMsgId>${id}</OrgnlMsgId><GrpSts>ACTC</GrpSts></OrgnlGrpInfAndSts></CstmrPmtStsRpt></Document>`;
  await writeFile(join(folder, 'answer.xml'), report);
  const first = await kopek(['payouts', 'import', 'answer.xml']);
  assert.equal(first.code, 0, first.err);
  assert.match(first.out, /B-1 answers KOPEK-\w+: 1 statuses, 1 of them new/);
  assert.match((await kopek(['payouts', 'import', 'answer.xml'])).out, /0 of them new/);
  const { rows } = await sql<{ state: string }>`select state from payouts.payout`.execute(
    database.pool,
  );
  assert.equal(rows[0]?.state, 'acknowledged');
});

test('reconcile tells each difference with its kind, and exits 5', async (t) => {
  const database = await testDatabase(t);
  const { folder, kopek } = await openKopek(t, database);
  await writeFile(join(folder, 'empty.csv'), 'erp_id,amount_minor,currency,state\n');
  const nothing = await kopek(['payouts', 'reconcile', '--list', 'empty.csv']);
  assert.equal(nothing.code, 0, nothing.err);
  assert.match(nothing.out, /0 payouts, 0 in the list: the books agree/);
  await handOver(database);
  const lines = `erp_id,amount_minor,currency,state\n${ERP_ID},400,EUR,paid\nstrange,1,EUR,paid\n`;
  await writeFile(join(folder, 'list.csv'), lines);
  const found = await kopek(['payouts', 'reconcile', '--list', 'list.csv', '--apply']);
  assert.equal(found.code, 5, found.err);
  const kinds = [...found.out.matchAll(/✗ (\w+)/g)].map(([, kind]) => kind);
  assert.deepEqual(kinds.toSorted(), [
    ...['amount_differs', 'money_elsewhere', 'money_elsewhere', 'state_differs', 'unknown_here'],
  ]);
  assert.doesNotMatch(found.out, /have been taken/);
  const asJson = await kopek(['payouts', 'reconcile', '--list', 'list.csv', '--json']);
  assert.equal(JSON.parse(asJson.out).differences.length, 5);
});

const wrong = [
  [['payouts', 'dance'], {}, 2, /Say: kopek payouts export/],
  [['payouts', 'reconcile'], {}, 2, /--list <file>, or --url <URL>/],
  [['payouts', 'reconcile', '--list', 'none.csv'], {}, 2, /can not be read/],
  [['payouts', 'reconcile', '--url', 'http://127.0.0.1:1/book'], {}, 75, /can not be read/],
  [['payouts', 'reconcile', '--list', 'x', '--since', 'monday'], {}, 2, /--since is a day/],
  [['payouts', 'import', 'none.xml'], {}, 3, /none\.xml can not be read/],
  [['payouts', 'export', '--again', 'KOPEK-NONE'], DEBTORS, 3, /There is no file KOPEK-NONE/],
  [
    ['payouts', 'export'],
    { PAYOUT_DEBTORS: 'EUR=DE00370400440532013000', PAYOUT_DEBTOR_NAME: 'K' },
    ...([2, /PAYOUT_DEBTORS, EUR: account must be an IBAN/] as const),
  ],
  [['payouts', 'export'], { PAYOUT_DEBTORS: 'EUR=1' }, 2, /PAYOUT_DEBTOR_NAME is empty/],
  [['payouts', 'export'], { PAYOUT_DEBTORS: 'euro' }, 2, /KOP-0331/],
] as const;

test('what can not be done is refused with a reason and its own exit', async (t) => {
  const database = await testDatabase(t);
  const { kopek } = await openKopek(t, database);
  for (const [args, env, code, message] of wrong) {
    const refused = await kopek(args, env);
    assert.equal(refused.code, code, `${args.join(' ')}: ${refused.err}`);
    assert.match(refused.err, message);
  }
});
