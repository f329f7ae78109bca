import assert from 'node:assert/strict';
import { test } from 'node:test';
import { uuidV7 } from '#ids';
import type { Account } from '#ledger/account';
import { move, testLedger } from '#ledger/stage';
import { testDatabase } from '#testing';

const database = await testDatabase();
const ledger = await testLedger(database);
let clients = 0;

async function openAll(...types: string[]): Promise<Account[]> {
  clients += 1;
  const names = types.map((type) => ({ type, currency: 'RUB', clientId: `client ${clients}` }));
  return [...(await ledger.open(names))];
}

async function balancesOf(...accounts: Account[]): Promise<bigint[]> {
  const views = await Promise.all(accounts.map(({ id }) => ledger.account(id)));
  return views.map(({ balanceMinor }) => balanceMinor);
}

test('taken back, a transfer is the same lines the other way round; once', async () => {
  const [source, purse] = (await openAll('source', 'purse')) as [Account, Account];
  const transfer = move(source, purse, 40n);
  await ledger.submit([transfer]);
  const back = { id: uuidV7(), transfer: transfer.id };
  assert.deepEqual(await ledger.reverse(back), { outcome: 'posted', repeated: [] });
  assert.deepEqual(await ledger.reverse(back), { outcome: 'posted', repeated: [back.id] });
  const twice = await ledger.reverse({ ...back, id: uuidV7() });
  assert.ok(twice.outcome === 'refused' && twice.reason === 'reversed');
  assert.deepEqual(await balancesOf(source, purse), [0n, 0n]);
  const [view, reversal] = await ledger.transfers([transfer.id, back.id]);
  assert.equal(view?.reversedBy, back.id);
  assert.deepEqual([reversal?.reverses, reversal?.kind], [transfer.id, 'reversal']);
  await assert.rejects(ledger.reverse({ ...back, transfer: uuidV7() }), {
    code: 'transfer_unknown',
  });
});

test('many who take back one transfer at the same moment: one does, and nobody else is harmed', async () => {
  const [source, purse] = (await openAll('source', 'purse')) as [Account, Account];
  const transfer = move(source, purse, 40n);
  await ledger.submit([transfer]);
  const asked = Array.from({ length: 20 }, () =>
    ledger.reverse({ id: uuidV7(), transfer: transfer.id }),
  );
  const innocent = ledger.submit([move(source, purse, 1n)]);
  const outcomes = (await Promise.all(asked)).map(({ outcome }) => outcome);
  assert.equal(outcomes.filter((outcome) => outcome === 'posted').length, 1);
  assert.equal((await innocent).outcome, 'posted');
  assert.deepEqual(await balancesOf(purse), [1n]);
});

test('one request takes a transfer back once', async () => {
  const [source, purse] = (await openAll('source', 'purse')) as [Account, Account];
  const transfer = move(source, purse, 40n);
  await ledger.submit([transfer]);
  const back = () => move(purse, source, 20n, { reverses: transfer.id });
  await assert.rejects(ledger.submit([back(), back()]), /transfers\.1\.reverses/);
});

test('what is not there any more refuses it, unless it has happened outside', async () => {
  const [source, purse, debt] = (await openAll('source', 'purse', 'debt')) as [
    ...[Account, Account, Account],
  ];
  const transfer = move(source, purse, 100n);
  await ledger.submit([transfer, move(purse, source, 70n)]);
  const refused = await ledger.reverse({ id: uuidV7(), transfer: transfer.id });
  assert.ok(refused.outcome === 'refused' && refused.account === purse.id);
  await ledger.reverse({ id: uuidV7(), transfer: transfer.id, fact: true });
  assert.deepEqual(await balancesOf(purse, debt), [0n, 70n]);
});

test('what had been borrowed goes back to the purse when its debt was paid meanwhile', async () => {
  const [source, purse, debt] = (await openAll('source', 'purse', 'debt')) as [
    ...[Account, Account, Account],
  ];
  const refund = move(purse, source, 130n, { fact: true });
  await ledger.submit([move(source, purse, 100n), refund]);
  assert.deepEqual(await balancesOf(purse, debt), [0n, 30n]);
  await ledger.submit([move(source, purse, 30n)]);
  assert.deepEqual(await balancesOf(purse, debt), [0n, 0n]);
  await ledger.reverse({ id: uuidV7(), transfer: refund.id });
  assert.deepEqual(await balancesOf(source, purse, debt), [130n, 130n, 0n]);
});

test('the debt of a refund that took all of it from nothing is found without the purse among its lines', async () => {
  const [source, purse, debt] = (await openAll('source', 'purse', 'debt')) as [
    ...[Account, Account, Account],
  ];
  const refund = move(purse, source, 30n, { fact: true });
  await ledger.submit([refund]);
  await ledger.submit([move(source, purse, 50n)]);
  assert.deepEqual(await balancesOf(purse, debt), [20n, 0n]);
  await ledger.reverse({ id: uuidV7(), transfer: refund.id });
  assert.deepEqual(await balancesOf(purse, debt), [50n, 0n]);
});

test('a credit that paid a debt is taken back from where it went', async () => {
  const [source, purse, debt] = (await openAll('source', 'purse', 'debt')) as [
    ...[Account, Account, Account],
  ];
  const charge = move(source, purse, 50n);
  await ledger.submit([move(purse, source, 30n, { fact: true }), charge]);
  assert.deepEqual(await balancesOf(purse, debt), [20n, 0n]);
  await ledger.reverse({ id: uuidV7(), transfer: charge.id });
  assert.deepEqual(await balancesOf(purse, debt), [0n, 30n]);
  assert.deepEqual((await ledger.verify()).findings, []);
});

test('in a transaction of a caller the reversal stands and falls with it', async () => {
  const [source, purse] = (await openAll('source', 'purse')) as [Account, Account];
  const transfer = move(source, purse, 40n);
  await ledger.submit([transfer]);
  const back = await ledger.reversalOf({ id: uuidV7(), transfer: transfer.id, reference: 'why' });
  assert.equal(back.reference, 'why');
  const failing = database.transaction(async (tx) => {
    await ledger.post(tx, [back]);
    throw new Error('the caller fails');
  });
  await assert.rejects(failing, /the caller fails/);
  assert.deepEqual(await balancesOf(purse), [40n]);
  await database.transaction((tx) => ledger.post(tx, [back]));
  assert.deepEqual(await balancesOf(purse), [0n]);
});
