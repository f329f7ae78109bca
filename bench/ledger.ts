import { type Database, sql } from '#database';
import type { Account } from '#ledger';
import type { BenchContext } from './frame/claim.ts';
import { openTpcB } from './frame/pgbench.ts';
import { openPgledgerWay } from './frame/pgledger-way.ts';
import { openPurses, type Purses, transferOf } from './frame/transfers.ts';

export const name = 'ledger';
export const claim =
  'a transfer (its row, two entries, both balances, idempotent) answered after its commit, on one hot account by 300 ' +
  'callers at least twice as often as TPC-B-like transactions, in bulk of 500 four times; old accounts cost what new ones do';

const HOT_TARGET = 2;
const BULK_TARGET = 4;
const SECONDS = 4;
const TPCB_SECONDS = 4;
const ACCOUNTS = 10_000;
const BULK = 500;
const MANY = 300;
const FEW = 20;
const OLD_ENTRIES = Number(process.env.KOPEK_BENCH_ENTRIES ?? '10000000');
const NEW_ENTRIES = 1000;
const READS = 300;
const READ_TARGET = 0.8;

type Pick2 = () => readonly [Account, Account];

export async function run(context: BenchContext): Promise<void> {
  const floor = await openTpcB(await context.openDatabase());
  const database = await context.openDatabase();
  const house = await openPurses(database, ACCOUNTS);
  const { purses, source } = house;
  const hot: Pick2 = () => [source, purses[0] as Account];
  const spread: Pick2 = () => [some(purses), some(purses)];
  await fill(house);
  for (const [situation, callers, pick, target] of [
    [`one hot account, ${MANY} callers`, MANY, hot, HOT_TARGET],
    [`one hot account, ${FEW} callers`, FEW, hot, 1],
    [`${ACCOUNTS} accounts, ${MANY} callers`, MANY, spread, HOT_TARGET],
    [`${ACCOUNTS} accounts, ${FEW} callers`, FEW, spread, 1],
  ] as const) {
    await context.compare({
      ...{ situation, unit: 'transfers/s', against: 'TPC-B-like', target },
      ...{ ours: () => byCallers(house, callers, pick), floor: () => floor.run(TPCB_SECONDS) },
    });
  }
  for (const [situation, pick] of [
    [`bulk of ${BULK}, one hot account`, hot],
    [`bulk of ${BULK}, ${ACCOUNTS} accounts`, spread],
  ] as const) {
    await context.compare({
      ...{ situation, unit: 'transfers/s', against: 'TPC-B-like', target: BULK_TARGET },
      ...{ ours: () => inBulk(database, house, pick), floor: () => floor.run(TPCB_SECONDS) },
    });
  }
  await context.compare({
    ...{ situation: `one hot account, ${MANY} callers`, unit: 'transfers/s', target: HOT_TARGET },
    against: 'one transaction a transfer',
    ...{ ours: () => byCallers(house, MANY, hot), floor: () => oneByOne(database, house, hot) },
  });
  await besidePgledger(context, house);
  await readOld(context, database, house);
  context.note(`floor: ${floor.tool}`);
}

function some(accounts: readonly Account[]): Account {
  return accounts[Math.floor(Math.random() * accounts.length)] as Account;
}

/** Each purse gets what it can give away later. */
async function fill({ ledger, purses, source }: Purses): Promise<void> {
  for (let at = 0; at < purses.length; at += BULK) {
    const set = purses.slice(at, at + BULK);
    await ledger.submit(set.map((purse) => transferOf(source, purse, 1_000_000_000n)));
  }
}

async function during(work: () => Promise<number>, callers: number): Promise<number> {
  const beganMs = performance.now();
  const endMs = beganMs + SECONDS * 1000;
  let done = 0;
  const call = async () => {
    while (performance.now() < endMs) {
      const some = await work();
      done += some;
    }
  };
  await Promise.all(Array.from({ length: callers }, call));
  return (done * 1000) / (performance.now() - beganMs);
}

function byCallers({ ledger }: Purses, callers: number, pick: Pick2): Promise<number> {
  return during(async () => {
    const { outcome } = await ledger.submit([transferOf(...pick())]);
    if (outcome !== 'posted') throw new Error('must hold: every purse has enough');
    return 1;
  }, callers);
}

function inBulk(database: Database, { ledger }: Purses, pick: Pick2): Promise<number> {
  return during(async () => {
    const set = Array.from({ length: BULK }, () => transferOf(...pick()));
    const { outcome } = await database.transaction((tx) => ledger.post(tx, set));
    if (outcome !== 'posted') throw new Error('must hold: every purse has enough');
    return BULK;
  }, 1);
}

/** The same statement for one transfer, in a transaction of its own; as many at once as the pool has connections. */
function oneByOne(database: Database, { ledger }: Purses, pick: Pick2): Promise<number> {
  return during(async () => {
    await database.transaction((tx) => ledger.post(tx, [transferOf(...pick())]));
    return 1;
  }, MANY);
}

async function besidePgledger(context: BenchContext, house: Purses): Promise<void> {
  const theirs = await openPgledgerWay(await context.openDatabase(), ACCOUNTS);
  const { purses } = house;
  const tenOf = purses.slice(0, 10);
  for (const [situation, count] of [
    ['10 accounts', 10],
    [`${ACCOUNTS} accounts`, ACCOUNTS],
  ] as const) {
    const pick: Pick2 = () => [house.source, some(count === 10 ? tenOf : purses)];
    await context.compare({
      ...{ situation: `${situation}, ${FEW} callers`, unit: 'transfers/s', target: HOT_TARGET },
      against: "pgledger's way",
      ours: () => byCallers(house, FEW, pick),
      floor: () =>
        during(async () => {
          await theirs.transfer(0, 1 + Math.floor(Math.random() * count));
          return 1;
        }, FEW),
    });
  }
}

/** What a client's page shows: the balance now and a while ago, and the newest entries. */
async function readOld(context: BenchContext, database: Database, house: Purses): Promise<void> {
  const [old, young] = (await house.ledger.open(
    ['old', 'young'].map((clientId) => ({ type: 'purse', currency: 'PKR', clientId })),
  )) as [Account, Account];
  context.progress(`ledger: ${OLD_ENTRIES} entries are written to one account`);
  await writeEntries(database, old, OLD_ENTRIES);
  await writeEntries(database, young, NEW_ENTRIES);
  const at = new Date(Date.UTC(2026, 0, 1) + (NEW_ENTRIES / 2) * 1000);
  const read = async ({ id }: Account) => {
    const beganMs = performance.now();
    for (let n = 0; n < READS; n += 1) {
      await sql`select b.posted, ledger.balance_at(${id}, ${at}) from ledger.balance b where b.account_id = ${id}`.execute(
        database.pool,
      );
      await sql`select * from ledger.entry where account_id = ${id} order by number desc limit 50`.execute(
        database.pool,
      );
    }
    return (READS * 1000) / (performance.now() - beganMs);
  };
  await context.compare({
    ...{
      situation: `an account with ${OLD_ENTRIES} entries`,
      unit: 'reads/s',
      target: READ_TARGET,
    },
    against: `one with ${NEW_ENTRIES}`,
    ...{ ours: () => read(old), floor: () => read(young) },
  });
}

/** Entries alone, in sets: what is measured is the reading. */
async function writeEntries(database: Database, { id }: Account, count: number): Promise<void> {
  const client = await database.connect();
  const set = 1_000_000;
  await client.query(
    `update ledger.balance set posted = ${count}, entries = ${count} where account_id = ${id}`,
  );
  for (let from = 1; from <= count; from += set) {
    await client.query(
      `insert into ledger.entry (account_id, number, transfer_id, amount, balance, booked_at)
       select ${id}, n, gen_random_uuid(), 1, n, '2026-01-01'::timestamptz + n * interval '1 second'
       from generate_series(${from}, ${Math.min(from + set - 1, count)}) n`,
    );
  }
  await client.end();
}
