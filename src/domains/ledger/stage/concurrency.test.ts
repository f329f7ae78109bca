import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Database, openDatabase, sql } from '#database';
import { uuidV7 } from '#ids';
import type { Account } from '#ledger/account';
import type { Posting, Transfer } from '#ledger/transfers';
import { silentLog } from '#log';
import { testDatabase } from '#testing';
import { move, testLedger } from './fixture.ts';

const PURSES = 60;
const CALLERS = 24;
const TURNS = 25;
const database = await testDatabase();
const ledger = await testLedger(database);

/** Few of them get most: a power law, as customers and partners are. */
function zipf(count: number): number {
  return Math.min(count - 1, Math.floor(count ** Math.random()) - 1);
}

async function openPurses(): Promise<{ source: Account; purses: readonly Account[] }> {
  const names = Array.from({ length: PURSES }, (_, at) => ({
    ...{ type: 'purse', currency: 'RUB', clientId: `purse ${at}` },
  }));
  const [source, ...purses] = await ledger.open([{ type: 'source', currency: 'RUB' }, ...names]);
  assert.ok(source);
  return { source, purses };
}

test('many callers of several copies over few accounts: each is answered rightly, and all of it adds up', async (t) => {
  const { purses, source } = await openPurses();
  const copies = await Promise.all([0, 1].map(() => openCopy(t)));
  const expected = new Map<bigint, bigint>();
  const known: Transfer[][] = [];
  const outcomes = { posted: 0, refused: 0 };
  const account = () => purses[zipf(PURSES)] as Account;
  const count = (set: readonly Transfer[], posting: Posting) => {
    outcomes[posting.outcome] += 1;
    if (posting.outcome === 'refused') return assert.equal(posting.reason, 'below_zero');
    const fresh = set.filter(({ id }) => !posting.repeated.includes(id));
    for (const { lines } of fresh)
      for (const line of lines)
        expected.set(line.account.id, (expected.get(line.account.id) ?? 0n) + line.amountMinor);
    known.push([...set]);
    return undefined;
  };
  // Without a start the poor stay poor: who is refused seeds nobody, and a run may refuse nearly all.
  for (const purse of purses) {
    const start = [move(source, purse, 40n)];
    count(start, await ledger.submit(start));
  }
  const callers = Array.from({ length: CALLERS }, async (_, caller) => {
    const copy = copies[caller % copies.length];
    for (let turn = 0; turn < TURNS; turn += 1) {
      const [from, to] = [account(), account()];
      const set =
        turn % 9 === 0 && known.length > 0
          ? (known[turn % known.length] as Transfer[])
          : [move(source, to, 10n), ...(from === to ? [] : [move(from, to, BigInt(turn * 3 + 1))])];
      const own = caller % 3 === 0;
      count(
        set,
        own && copy
          ? await copy.database.transaction((tx) => copy.ledger.post(tx, set))
          : ((await copy?.ledger.submit(set)) as Posting),
      );
    }
  });
  await Promise.all(callers);
  assert.ok(outcomes.posted > 100 && outcomes.refused > 20, JSON.stringify(outcomes));
  const views = await ledger.accounts({ limit: 1000 });
  for (const { balanceMinor, id, normalSide } of views) {
    const sign = normalSide === 'credit' ? 1n : -1n;
    assert.equal(sign * balanceMinor, expected.get(id) ?? 0n);
    if (normalSide === 'credit') assert.ok(balanceMinor >= 0n);
  }
  assert.deepEqual((await ledger.verify()).findings, []);
  for (const copy of copies) assert.equal(copy.database.deadlocks.count, 0);
});

/** As another process has it: connections and a memory of its own. */
async function openCopy(t: { after(hook: () => Promise<void>): void }) {
  const own: Database = openDatabase({ url: database.url, log: silentLog(), name: 'kopek-test' });
  t.after(() => own.close());
  return { database: own, ledger: await testLedger(own) };
}

test('what somebody reads at any moment sums to zero', async () => {
  const { purses, source } = await openPurses();
  let running = true;
  const reader = (async () => {
    let looks = 0;
    while (running) {
      const { rows } = await sql<{ sum: bigint }>`
        select sum(posted)::bigint as sum from ledger.balance`.execute(database.pool);
      assert.equal(rows[0]?.sum, 0n);
      looks += 1;
    }
    return looks;
  })();
  for (let turn = 0; turn < 20; turn += 1)
    await Promise.all(purses.map((purse) => ledger.submit([move(source, purse, 3n)])));
  running = false;
  assert.ok((await reader) > 5);
});

test('a role that may read and execute posts, and can not write the journal by itself', async () => {
  const [source, purse] = await ledger.open([
    { type: 'source', currency: 'EUR' },
    { type: 'purse', currency: 'EUR' },
  ]);
  assert.ok(source && purse);
  const role = `clerk_${uuidV7().replaceAll('-', '')}`;
  for (const statement of [
    `create role ${role} login`,
    `grant usage on schema ledger to ${role}`,
    `grant select on all tables in schema ledger to ${role}`,
    `grant execute on function ledger.post to ${role}`,
  ])
    await sql.raw(statement).execute(database.pool);
  const asClerk = <Result>(work: (tx: Parameters<typeof ledger.post>[0]) => Promise<Result>) =>
    database.transaction(async (tx) => {
      await sql.raw(`set local role ${role}`).execute(tx);
      return work(tx);
    });
  const transfer = move(source, purse, 5n);
  const posted = await asClerk((tx) => ledger.post(tx, [transfer]));
  assert.deepEqual(posted, { outcome: 'posted', repeated: [] });
  for (const statement of [
    'update ledger.entry set amount = 1',
    'delete from ledger.entry',
    'truncate ledger.entry',
    'insert into ledger.entry select * from ledger.entry',
    'update ledger.transfer set amounts = accounts',
    'delete from ledger.transfer',
    'update ledger.balance set posted = 0',
    'delete from ledger.block',
    'alter table ledger.entry disable trigger all',
    'set local session_replication_role = replica',
  ]) {
    const refused = asClerk((tx) => sql.raw(statement).execute(tx));
    await assert.rejects(refused, { code: '42501' }, statement);
  }
  await sql.raw(`drop owned by ${role}`).execute(database.pool);
  await sql.raw(`drop role ${role}`).execute(database.pool);
});

test('nobody executes the posting who was not told that he may', async () => {
  const { rows } = await sql<{ open: boolean }>`
    select proacl is null or proacl::text ~ '[{,]=X' as open from pg_proc where proname = 'post'
      and pronamespace = 'ledger'::regnamespace`.execute(database.pool);
  assert.deepEqual(rows, [{ open: false }]);
});
