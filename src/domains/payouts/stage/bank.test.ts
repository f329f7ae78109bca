import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { type Database, sql } from '#database';
import { createIdSource } from '#ids';
import { createBankGate, createExporter, importStatuses } from '#payouts/bank';
import { temporaryFolder, testDatabase } from '#testing';
import { setStage } from './machine-fixture.ts';

const DEBTOR = { currency: 'RUB', name: 'Kopek', account: '40702810900000000001', bank: '' };

async function openStage(t: TestContext) {
  const [database, folder] = await Promise.all([testDatabase(t), temporaryFolder(t)]);
  const stage = await setStage(database, { erpGate: createBankGate() });
  t.after(() => stage.bus.close());
  const exporter = createExporter({
    ...{ database, clock: stage.clock, ids: createIdSource(1), folder, debtors: [DEBTOR] },
  });
  const exportAll = async () => {
    const ids: string[] = [];
    await exporter.exportReady(({ messageId }) => ids.push(messageId));
    return ids;
  };
  const take = async (bytes: Buffer) => {
    const imported = await importStatuses(bytes, { database, receive: stage.machine.receive });
    await stage.machine.gate.round();
    return imported;
  };
  return { ...stage, database, exportAll, take };
}

async function setRequisites(database: Database, clientId: string): Promise<void> {
  await sql`
    insert into payouts.requisites (client_id, currency, name, account, bank, set_by, set_at)
    values (${clientId}, 'RUB', 'A partner', '40702810900000000002', 'RUCBC:044525225', 'test', now())`.execute(
    database.pool,
  );
}

function report(messageId: string, original: string, words: Readonly<Record<string, string>>) {
  const payments = Object.entries(words).map(
    ([id, word]) =>
      `<TxInfAndSts><OrgnlEndToEndId>${id}</OrgnlEndToEndId><TxSts>${word}</TxSts></TxInfAndSts>`,
  );
  return Buffer.from(`<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.002.001.10"><CstmrPmtStsRpt>
<GrpHdr><MsgId>${messageId}</MsgId><CreDtTm>2026-11-26T08:00:00Z</CreDtTm></GrpHdr>
<OrgnlGrpInfAndSts><OrgnlMsgId>${original}</OrgnlMsgId><OrgnlMsgNmId>pain.001.001.09</OrgnlMsgNmId>
</OrgnlGrpInfAndSts><OrgnlPmtInfAndSts><OrgnlPmtInfId>${original}-1</OrgnlPmtInfId>${payments.join('')}
</OrgnlPmtInfAndSts></CstmrPmtStsRpt></Document>`);
}

test('a bank pays by file: acknowledged, paid, rejected, each told once however often', async (t) => {
  const { ask, database, exportAll, judge, machine, moneyOf, stateOf, take } = await openStage(t);
  const [paid, refused] = [await ask(), await ask()];
  await machine.gate.round();
  assert.deepEqual(await exportAll(), [], 'nobody has requisites');
  for (const { clientId } of [paid, refused]) await setRequisites(database, clientId);
  const [original = ''] = await exportAll();
  const taken = report('B-1', original, { [paid.erpId]: 'ACTC', [refused.erpId]: 'ACTC' });
  assert.equal((await take(taken)).added, 2);
  assert.equal(await stateOf(paid), 'acknowledged');
  const ended = report('B-2', original, { [paid.erpId]: 'ACCC', [refused.erpId]: 'RJCT' });
  assert.equal((await take(ended)).added, 2);
  assert.equal((await take(ended)).added, 0);
  assert.equal((await take(taken)).added, 0);
  assert.deepEqual([await stateOf(paid), await stateOf(refused)], ['paid', 'rejected']);
  assert.deepEqual(await moneyOf(paid), { has: 0n, reserved: 0n, sent: 0n });
  assert.deepEqual(await moneyOf(refused), { has: 1000n, reserved: 0n, sent: 0n });
  assert.deepEqual(await exportAll(), [], 'what was in a file comes into no other');
  assert.deepEqual(await judge(), []);
});

test('a payout whose money is being given back comes into no file', async (t) => {
  const { ask, database, exportAll, judge, machine, says, stateOf } = await openStage(t);
  const payout = await ask();
  await machine.gate.round();
  await setRequisites(database, payout.clientId);
  await says(payout, 'REJECTED');
  assert.equal(await stateOf(payout), 'in_flight');
  assert.deepEqual(await exportAll(), [], 'its money is on the way back');
  await machine.gate.round();
  assert.equal(await stateOf(payout), 'rejected');
  assert.deepEqual(await exportAll(), []);
  assert.deepEqual(await judge(), []);
});

test('a payment that the bank refuses as a duplicate gives no money back: people look', async (t) => {
  const { ask, conflictOf, database, exportAll, machine, moneyOf, stateOf, take } =
    await openStage(t);
  const payout = await ask();
  await machine.gate.round();
  await setRequisites(database, payout.clientId);
  const [original = ''] = await exportAll();
  const reason = '<StsRsnInf><Rsn><Cd>AM05</Cd></Rsn></StsRsnInf>';
  const refused = report('B-1', original, { [payout.erpId]: 'RJCT' })
    .toString()
    .replace('</TxSts>', `</TxSts>${reason}`);
  await take(Buffer.from(refused));
  assert.equal(await stateOf(payout), 'in_flight');
  assert.match((await conflictOf(payout)) ?? '', /RJCT\/AM05/);
  assert.deepEqual(await moneyOf(payout), { has: 0n, reserved: 0n, sent: 1000n });
});

test('an answer to a file that is not ours is refused whole', async (t) => {
  const { database } = await openStage(t);
  const receive = () => Promise.reject(new Error('nothing is to be received'));
  await assert.rejects(importStatuses(report('B-1', 'KOPEK-STRANGE', {}), { database, receive }), {
    code: 'bank_file_unknown',
  });
});
