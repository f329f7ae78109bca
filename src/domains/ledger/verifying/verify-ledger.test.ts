import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sql, type Tx } from '#database';
import { uuidV7 } from '#ids';
import { type Account, accountId } from '#ledger/account';
import { move, testLedger } from '#ledger/stage';
import { testDatabase } from '#testing';
import type { Finding, FindingKind } from './finding.ts';
import type { VerifyOptions } from './verify-ledger.ts';
import type { VerifyProgress } from './verifying.ts';

const database = await testDatabase();
const ledger = await testLedger(database);
const [source, purse, second] = (await ledger.open([
  { type: 'source', currency: 'RUB' },
  { type: 'purse', currency: 'RUB', clientId: 'a' },
  { type: 'purse', currency: 'RUB', clientId: 'b' },
])) as [Account, Account, Account];
const transfers = [
  ...[move(source, purse, 500n), move(source, second, 300n), move(purse, second, 50n)],
  ...[move(purse, source, 20n), move(source, purse, 7n)],
];
for (const transfer of transfers.slice(0, 2)) await ledger.submit([transfer]);
await ledger.seal();
for (const transfer of transfers.slice(2, 4)) await ledger.submit([transfer]);
await ledger.seal();
await ledger.submit(transfers.slice(4));
const hold = {
  ...{ id: uuidV7(), kind: 'test', reference: '', parts: [{ account: purse, amountMinor: 100n }] },
  expiresAt: new Date(Date.now() + 3_600_000),
};
await database.transaction((tx) => ledger.reserve(tx, [hold]));
const [sealed, waiting] = [transfers[2]?.id ?? '', transfers[4]?.id ?? ''];

const JOURNAL = ['account', 'balance', 'transfer', 'entry', 'hold', 'unsealed', 'block'];
await sql.raw('create schema backup').execute(database.pool);
for (const table of JOURNAL)
  await sql.raw(`create table backup.${table} as table ledger.${table}`).execute(database.pool);

/** As whoever owns the database can: with the triggers disabled. */
function tamper(change: (tx: Tx) => Promise<unknown>): Promise<unknown> {
  return database.transaction(async (tx) => {
    await sql`set local session_replication_role = replica`.execute(tx);
    await change(tx);
  });
}

/** What is found after a change, which is taken back then. */
async function findAfter(statement: ReturnType<typeof sql>, options: VerifyOptions = {}) {
  await tamper((tx) => statement.execute(tx));
  const { findings } = await ledger.verify(options);
  await tamper(async (tx) => {
    for (const table of JOURNAL) {
      await sql.raw(`delete from ledger.${table}`).execute(tx);
      await sql
        .raw(`insert into ledger.${table} overriding system value select * from backup.${table}`)
        .execute(tx);
    }
  });
  assert.deepEqual((await ledger.verify()).findings, [], 'the change was taken back');
  return findings;
}

interface Tampering {
  readonly what: string;
  readonly change: ReturnType<typeof sql>;
  readonly kind: FindingKind;
  /** What the sentence names. */
  readonly names: readonly string[];
  /** Found by a look at the purse alone too. */
  readonly ofPurse?: boolean;
}

const id = purse.id;
const name = accountId(id);
const TAMPERINGS: readonly Tampering[] = [
  {
    ...{ what: 'an entry with another amount', kind: 'transfer_differs', names: [sealed, name] },
    change: sql`update ledger.entry set amount = amount - 1 where account_id = ${id} and number = 2`,
    ofPurse: true,
  },
  {
    ...{ what: 'an entry with another amount and balance', kind: 'running_balance_differs' },
    names: ['Entry 3', name],
    change: sql`update ledger.entry set amount = amount - 1, balance = balance - 1
      where account_id = ${id} and number = 2`,
    ofPurse: true,
  },
  {
    ...{ what: 'an entry of another transfer', kind: 'transfer_differs', names: [sealed] },
    change: sql`update ledger.entry set transfer_id = ${waiting} where account_id = ${id} and number = 2`,
    ofPurse: true,
  },
  {
    ...{ what: 'an entry less in the middle', kind: 'entry_missing', names: ['Entry 3', name] },
    change: sql`delete from ledger.entry where account_id = ${id} and number = 2`,
    ofPurse: true,
  },
  {
    ...{ what: 'the first entry less', kind: 'entry_missing', names: ['Entry 2', name] },
    change: sql`delete from ledger.entry where account_id = ${id} and number = 1`,
    ofPurse: true,
  },
  {
    ...{ what: 'the last entry less', kind: 'entry_missing', names: [name, 'counts 4'] },
    change: sql`delete from ledger.entry where account_id = ${id} and number = 4`,
    ofPurse: true,
  },
  {
    ...{ what: 'an entry that is booked before the one before it', kind: 'time_goes_back' },
    names: ['Entry 2', name],
    change: sql`update ledger.entry set booked_at = booked_at - interval '1 day'
      where account_id = ${id} and number = 2`,
    ofPurse: true,
  },
  {
    ...{ what: 'a balance with another amount', kind: 'balance_differs', names: [name] },
    change: sql`update ledger.balance set posted = posted + 1 where account_id = ${id}`,
    ofPurse: true,
  },
  {
    ...{ what: 'more balance than all accounts have', kind: 'sum_not_zero', names: ['RUB'] },
    change: sql`update ledger.balance set posted = posted + 1 where account_id = ${id}`,
  },
  {
    ...{ what: 'a balance without its guard', kind: 'balance_differs', names: [name] },
    change: sql`update ledger.balance set guarded = false where account_id = ${id}`,
    ofPurse: true,
  },
  {
    ...{ what: 'an account without its balance', kind: 'account_without_balance', names: [name] },
    change: sql`delete from ledger.balance where account_id = ${id}`,
  },
  {
    ...{ what: 'less held than the open holds', kind: 'held_differs', names: [name, '99', '100'] },
    change: sql`update ledger.balance set held = held - 1 where account_id = ${id}`,
    ofPurse: true,
  },
  {
    ...{ what: 'a hold that was ended beside the ledger', kind: 'held_differs', names: [name] },
    change: sql`update ledger.hold set state = 'voided', ended_at = created_at`,
    ofPurse: true,
  },
  {
    ...{ what: 'a transfer with other amounts', kind: 'transfer_differs', names: [sealed] },
    change: sql`update ledger.transfer set amounts = array[-51, 51] where id = ${sealed}`,
    ofPurse: true,
  },
  {
    ...{ what: 'a transfer that does not sum to zero', kind: 'transfer_unbalanced' },
    names: [waiting, 'RUB'],
    change: sql`update ledger.transfer set amounts = array[-7, 8] where id = ${waiting}`,
  },
  {
    ...{
      what: 'a sealed transfer with another reference',
      kind: 'block_differs',
      names: ['Block 2'],
    },
    change: sql`update ledger.transfer set reference = 'another' where id = ${sealed}`,
  },
  {
    ...{ what: 'a transfer less', kind: 'transfer_differs', names: [sealed] },
    change: sql`delete from ledger.transfer where id = ${sealed}`,
    ofPurse: true,
  },
  {
    ...{ what: 'a transfer without entries', kind: 'transfer_differs', names: [name, 'no entry'] },
    change: sql`with t as (
      insert into ledger.transfer (id, kind, reference, booked_at, accounts, amounts, fingerprint)
      select gen_random_uuid(), 'test', '', now(), array[${source.id}, ${id}]::bigint[], array[-5, 5],
        gen_random_uuid() returning id
    ) insert into ledger.unsealed (transfers) select array_agg(id) from t`,
    ofPurse: true,
  },
  {
    ...{
      what: 'a transfer that nobody will seal',
      kind: 'transfer_not_sealed_once',
      names: [waiting],
    },
    change: sql`delete from ledger.unsealed`,
  },
  {
    ...{ what: 'a transfer that would be sealed twice', kind: 'transfer_not_sealed_once' },
    names: [sealed, '2 times'],
    change: sql`insert into ledger.unsealed (transfers) values (array[${sealed}::uuid])`,
  },
  {
    ...{ what: 'two blocks that have changed places', kind: 'block_differs', names: ['Block 2'] },
    change: sql`update ledger.block b set transfers = o.transfers, previous = o.previous, hash = o.hash
      from ledger.block o where o.number = 3 - b.number`,
  },
  {
    ...{ what: 'a block with another transfer', kind: 'block_differs', names: ['Block 1'] },
    change: sql`update ledger.block set transfers = transfers[2:2] || transfers[1:1] where number = 1`,
  },
  {
    ...{ what: 'a block that was sealed anew', kind: 'block_differs', names: ['Block 2'] },
    change: sql`update ledger.block set transfers = transfers[1:1],
      hash = ledger.block_hash(1, transfers[1:1], '') where number = 1`,
  },
  {
    ...{ what: 'a block less', kind: 'block_missing', names: ['Block 1'] },
    change: sql`delete from ledger.block where number = 1`,
  },
];

test('a ledger that nobody has touched verifies, with its progress', async () => {
  const told: VerifyProgress[] = [];
  const verification = await ledger.verify({ progress: (one) => told.push(one) });
  assert.deepEqual(verification, {
    ...{ findings: [], untold: 0, accounts: 5n, entries: 10n, blocks: 2n },
  });
  assert.equal(told.at(-1)?.done, told.at(-1)?.total);
  assert.deepEqual(
    [...new Set(told.map(({ part }) => part))],
    ['accounts', 'entries', 'transfers', 'blocks'],
  );
  assert.deepEqual((await ledger.verify({ account: id })).findings, []);
});

for (const { change, kind, names, ofPurse, what } of TAMPERINGS) {
  test(`verify finds ${what}`, async () => {
    const found = (await findAfter(change)).filter((one) => one.kind === kind);
    const told = found.map(({ text }) => text).join('\n');
    assert.ok(
      found.some(({ text }) => names.every((word) => text.includes(word))),
      `${kind} names ${names.join(', ')}: ${told}`,
    );
    if (!ofPurse) return;
    const near = await findAfter(change, { account: id });
    assert.ok(near.length > 0, 'found by a look at the account alone');
    assert.deepEqual((await findAfter(change, { account: second.id })).filter(isOfPurse), []);
  });
}

const isOfPurse = ({ text }: Finding) => text.includes(`account ${name} `);

test('a guarded account that was below zero between two transfers is found', async () => {
  const change = sql`
    with e as (update ledger.entry set amount = -1000, balance = -500 where account_id = ${id} and number = 2)
    update ledger.entry set amount = amount + 950 where account_id = ${id} and number = 3`;
  const found = (await findAfter(change)).filter(({ kind }) => kind === 'below_zero');
  assert.match(found[0]?.text ?? '', /Entry 3 of account/);
});

test('while callers post, seal and hold, a verification sees one instant of it', async () => {
  let running = true;
  const callers = Array.from({ length: 3 }, async () => {
    while (running) {
      await ledger.submit([move(source, second, 2n), move(second, source, 1n)]);
      await ledger.seal();
    }
  });
  for (let turn = 0; turn < 10; turn += 1) assert.deepEqual((await ledger.verify()).findings, []);
  running = false;
  await Promise.all(callers);
});
