import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sql } from '#database';
import { uuidV7 } from '#ids';
import type { Account } from '#ledger/account';
import { move, testLedger } from '#ledger/stage';
import { testDatabase } from '#testing';
import { credit, debit } from './transfer.ts';

const database = await testDatabase();
const ledger = await testLedger(database);
let clients = 0;

/** Accounts of a client of their own. */
async function openAll(...types: string[]): Promise<Account[]> {
  clients += 1;
  const names = types.map((type) => ({ type, currency: 'RUB', clientId: `client ${clients}` }));
  return [...(await ledger.open(names))];
}

async function balancesOf(...accounts: Account[]): Promise<bigint[]> {
  const { rows } = await sql<{ account_id: bigint; posted: bigint }>`
    select account_id, posted from ledger.balance where account_id = any (${accounts.map(({ id }) => id)}::bigint[])`.execute(
    database.pool,
  );
  return accounts.map(({ id }) => rows.find((row) => row.account_id === id)?.posted ?? 0n);
}

test('a transfer moves money once, however often it is asked for', async () => {
  const [source, purse] = (await openAll('source', 'purse')) as [Account, Account];
  const transfer = move(source, purse, 500n);
  assert.deepEqual(await ledger.submit([transfer]), { outcome: 'posted', repeated: [] });
  assert.deepEqual(await ledger.submit([transfer]), { outcome: 'posted', repeated: [transfer.id] });
  const again = await Promise.all(Array.from({ length: 50 }, () => ledger.submit([transfer])));
  assert.ok(again.every(({ outcome }) => outcome === 'posted'));
  assert.deepEqual(await balancesOf(source, purse), [-500n, 500n]);
});

test('an id that stands for another transfer is a conflict, and nothing moves', async () => {
  const [source, purse] = (await openAll('source', 'purse')) as [Account, Account];
  const transfer = move(source, purse, 500n);
  await ledger.submit([transfer]);
  const other = { ...transfer, lines: [debit(source, 501n), credit(purse, 501n)] };
  assert.deepEqual(await ledger.submit([other]), {
    ...{ outcome: 'refused', transfer: transfer.id, reason: 'conflict', account: undefined },
  });
  assert.deepEqual(await balancesOf(source, purse), [-500n, 500n]);
});

test('what would go below zero is refused, alone, and names the account', async () => {
  const [source, purse, other] = (await openAll('source', 'purse', 'vault')) as Account[] as [
    Account,
    Account,
    Account,
  ];
  await ledger.submit([move(source, purse, 100n)]);
  const asked = [
    ledger.submit([move(purse, source, 60n)]),
    ledger.submit([move(purse, source, 60n)]),
    ledger.submit([move(source, purse, 10n)]),
    // A debit side goes below zero by a credit.
    ledger.submit([move(source, other, 1n)]),
  ];
  const [first, second, third, fourth] = await Promise.all(asked);
  assert.equal(first?.outcome, 'posted');
  assert.ok(second?.outcome === 'refused' && second.account === purse.id);
  assert.equal(second.reason, 'below_zero');
  assert.equal(third?.outcome, 'posted');
  assert.ok(fourth?.outcome === 'refused' && fourth.account === other.id);
  assert.deepEqual(await balancesOf(source, purse, other), [-50n, 50n, 0n]);
});

test('a set is posted whole or not at all, in its order', async () => {
  const [source, purse, other] = (await openAll('source', 'purse', 'purse')) as [
    Account,
    Account,
    Account,
  ];
  assert.equal(other.id, purse.id);
  const third = (await openAll('purse'))[0] as Account;
  const through = [move(source, purse, 30n), move(purse, third, 30n)];
  assert.equal((await ledger.submit(through)).outcome, 'posted');
  const tooMuch = [move(source, purse, 5n), move(purse, third, 6n), move(source, purse, 5n)];
  const refused = await ledger.submit(tooMuch);
  assert.ok(refused.outcome === 'refused' && refused.transfer === tooMuch[1]?.id);
  assert.deepEqual(await balancesOf(source, purse, third), [-30n, 0n, 30n]);
});

test('what has happened outside is not refused: the debt account bears it, and credits pay it first', async () => {
  const [source, purse, debt] = (await openAll('source', 'purse', 'debt')) as [
    Account,
    Account,
    Account,
  ];
  await ledger.submit([move(source, purse, 100n)]);
  const refund = move(purse, source, 130n, { fact: true });
  await ledger.submit([refund]);
  assert.deepEqual(await balancesOf(source, purse, debt), [30n, 0n, -30n]);
  assert.deepEqual(await ledger.submit([refund]), { outcome: 'posted', repeated: [refund.id] });
  await ledger.submit([move(source, purse, 20n)]);
  assert.deepEqual(await balancesOf(source, purse, debt), [10n, 0n, -10n]);
  await ledger.submit([move(source, purse, 25n)]);
  assert.deepEqual(await balancesOf(source, purse, debt), [-15n, 15n, 0n]);
});

test('up to an amount moves what there is, and is refused where there is nothing', async () => {
  const [source, purse] = (await openAll('source', 'purse')) as [Account, Account];
  const [other] = (await openAll('purse')) as [Account];
  await ledger.submit([move(source, purse, 100n)]);
  const some = move(purse, other, 60n, { upTo: true });
  const most = move(purse, other, 60n, { upTo: true });
  const none = move(purse, other, 60n, { upTo: true });
  const answers = await Promise.all([some, most, none].map((one) => ledger.submit([one])));
  assert.deepEqual(answers[0], { outcome: 'posted', repeated: [] });
  assert.equal(answers[1]?.outcome, 'posted');
  assert.ok(answers[2]?.outcome === 'refused' && answers[2].account === purse.id);
  assert.deepEqual(await balancesOf(purse, other), [0n, 100n]);
  assert.deepEqual(await ledger.submit([most]), { outcome: 'posted', repeated: [most.id] });
});

test('a transfer is taken back once', async () => {
  const [source, purse] = (await openAll('source', 'purse')) as [Account, Account];
  const transfer = move(source, purse, 40n);
  await ledger.submit([transfer]);
  const back = move(purse, source, 40n, { reverses: transfer.id });
  assert.equal((await ledger.submit([back])).outcome, 'posted');
  const twice = await ledger.submit([move(purse, source, 40n, { reverses: transfer.id })]);
  assert.ok(twice.outcome === 'refused' && twice.reason === 'reversed');
  assert.equal((await ledger.submit([back])).outcome, 'posted');
});

test('the journal can only be added to, whoever asks', async () => {
  const [source, purse] = (await openAll('source', 'purse')) as [Account, Account];
  await ledger.submit([move(source, purse, 1n)]);
  for (const statement of [
    'update ledger.entry set amount = amount + 1',
    'delete from ledger.entry',
    'truncate ledger.entry',
    'update ledger.transfer set kind = kind',
    'delete from ledger.transfer',
    'truncate ledger.transfer',
    'delete from ledger.block',
  ]) {
    await assert.rejects(sql.raw(statement).execute(database.pool), { code: 'LG001' }, statement);
  }
});

test('in the transaction of a caller it stands and falls with it', async () => {
  const [source, purse] = (await openAll('source', 'purse')) as [Account, Account];
  const transfer = move(source, purse, 70n);
  await assert.rejects(
    database.transaction(async (tx) => {
      await ledger.post(tx, [transfer]);
      throw new Error('the caller fails');
    }),
    /the caller fails/,
  );
  assert.deepEqual(await balancesOf(source, purse), [0n, 0n]);
  await database.transaction((tx) => ledger.post(tx, [transfer]));
  assert.deepEqual(await balancesOf(source, purse), [-70n, 70n]);
});

test('what is malformed is refused by its field, and nothing is written', async () => {
  const [source, purse] = (await openAll('source', 'purse')) as [Account, Account];
  const good = move(source, purse, 1n);
  const odd = [
    [{ ...good, id: 'x' }, 'transfers.0.id'],
    [{ ...good, kind: 'Two words' }, 'transfers.0.kind'],
    [{ ...good, reference: 'a\u0000b' }, 'transfers.0.reference'],
    [{ ...good, lines: [debit(source, 1n)] }, 'transfers.0.lines'],
    [{ ...good, lines: [debit(source, 1n), credit(purse, 2n)] }, 'transfers.0.lines'],
    [{ ...good, lines: [debit(source, 0n), credit(purse, 0n)] }, 'transfers.0.lines.0'],
    [
      { ...good, lines: [debit(source, 10n ** 16n), credit(purse, 10n ** 16n)] },
      'transfers.0.lines.0',
    ],
  ] as const;
  for (const [transfer, field] of odd) {
    await assert.rejects(
      ledger.submit([transfer]),
      (error: { faults: { field: string }[] }) => error.faults[0]?.field === field,
    );
  }
  await assert.rejects(ledger.submit([good, good]), /transfers\.1\.id/);
  await assert.rejects(
    ledger.open([{ type: 'nonsense', currency: 'RUB' }]),
    (error: { code: string }) => error.code === 'account_type_unknown',
  );
  assert.deepEqual(await balancesOf(source, purse), [0n, 0n]);
});

test('two callers of one id with different accounts meet: one of them is a conflict', async () => {
  const [source, purse] = (await openAll('source', 'purse')) as [Account, Account];
  const [other] = (await openAll('purse')) as [Account];
  const id = uuidV7();
  const outcomes = await Promise.all(
    [purse, other].map((to) =>
      database.transaction((tx) => ledger.post(tx, [move(source, to, 9n, { id })])),
    ),
  );
  assert.deepEqual(outcomes.map(({ outcome }) => outcome).sort(), ['posted', 'refused']);
});

test('a reference may be empty, and metadata too, alone and among others', async () => {
  const [source, purse] = (await openAll('source', 'purse')) as [Account, Account];
  const plain = () => move(source, purse, 1n, { reference: '' });
  const rich = move(source, purse, 1n, { metadata: { text: 'a\u001fb "c" \\u0000', none: null } });
  await ledger.submit([plain()]);
  await ledger.submit([plain(), rich, { ...plain(), metadata: {} }]);
  assert.deepEqual(await balancesOf(purse), [4n]);
  const [view] = await ledger.transfers([rich.id]);
  assert.deepEqual(view?.metadata, rich.metadata);
  const nul = move(source, purse, 1n, { metadata: { text: '\u0000' } });
  await assert.rejects(ledger.submit([nul]), /transfers\.0\.metadata/);
});
