import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createFakeClock } from '#clock';
import { type Database, sql } from '#database';
import { createIdSource } from '#ids';
import { temporaryFolder, testDatabase } from '#testing';
import { keepStatuses } from './bank-store.ts';
import { createExporter } from './export-payouts.ts';
import { DEBTOR, erpIdOf, handToBank, setRequisites } from './fixture.ts';
import { importStatuses } from './import-statuses.ts';

const NOW = new Date('2026-11-25T20:00:00Z');

async function exported(database: Database, t: Parameters<typeof temporaryFolder>[0]) {
  await setRequisites(database, { clientId: 'music', currency: 'EUR' });
  await handToBank(database, [{ id: 1n }, { id: 2n }]);
  const exporter = createExporter({
    ...{ database, clock: createFakeClock(NOW), ids: createIdSource(1) },
    ...{ folder: await temporaryFolder(t), debtors: [DEBTOR] },
  });
  const ids: string[] = [];
  await exporter.exportReady(({ messageId }) => ids.push(messageId));
  return ids[0] ?? '';
}

function report(messageId: string, original: string, body: string): Buffer {
  return Buffer.from(`<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.002.001.10"><CstmrPmtStsRpt>
<GrpHdr><MsgId>${messageId}</MsgId><CreDtTm>2026-11-26T08:00:00Z</CreDtTm></GrpHdr>
<OrgnlGrpInfAndSts><OrgnlMsgId>${original}</OrgnlMsgId><OrgnlMsgNmId>pain.001.001.09</OrgnlMsgNmId>
${body}</CstmrPmtStsRpt></Document>`);
}

function statusesIn(database: Database) {
  return sql<{ erp_id: string; status: string; outcome: string }>`
    select erp_id, status, outcome from payouts.status order by erp_id, status`.execute(
    database.pool,
  );
}

test('a report is kept once, by its id, the payout and the word', async (t) => {
  const database = await testDatabase(t);
  const original = await exported(database, t);
  const options: Parameters<typeof importStatuses>[1] = {
    database,
    receive: (tx, statuses) => keepStatuses(tx, { statuses, now: NOW }),
  };
  const accepted = report('B-1', original, '<GrpSts>ACSP</GrpSts></OrgnlGrpInfAndSts>');
  const paid = report(
    'B-2',
    original,
    `</OrgnlGrpInfAndSts><OrgnlPmtInfAndSts><OrgnlPmtInfId>${original}-1</OrgnlPmtInfId>
<TxInfAndSts><OrgnlEndToEndId>${erpIdOf(2n)}</OrgnlEndToEndId><TxSts>ACCC</TxSts></TxInfAndSts>
<TxInfAndSts><OrgnlEndToEndId>${erpIdOf(9n)}</OrgnlEndToEndId><TxSts>ACCC</TxSts></TxInfAndSts></OrgnlPmtInfAndSts>`,
  );
  assert.deepEqual(await importStatuses(accepted, options), {
    ...{ messageId: 'B-1', originalId: original, told: 2, added: 2, duplicate: false },
  });
  assert.equal((await importStatuses(accepted, options)).added, 0);
  assert.equal((await importStatuses(paid, options)).added, 2);
  assert.equal((await importStatuses(paid, options)).added, 0);
  const { rows } = await statusesIn(database);
  assert.deepEqual(
    rows.map(({ erp_id, outcome, status }) => [erp_id, status, outcome]),
    [
      [erpIdOf(1n), 'ACSP', 'parked'],
      [erpIdOf(2n), 'ACCC', 'parked'],
      [erpIdOf(2n), 'ACSP', 'parked'],
      [erpIdOf(9n), 'ACCC', 'unknown'],
    ],
  );
});

test('an answer to a file that is not ours is refused whole', async (t) => {
  const database = await testDatabase(t);
  const strange = report('B-1', 'KOPEK-STRANGE', '<GrpSts>RJCT</GrpSts></OrgnlGrpInfAndSts>');
  const receive = () => Promise.reject(new Error('nothing is to be received'));
  await assert.rejects(importStatuses(strange, { database, receive }), {
    code: 'bank_file_unknown',
  });
});
