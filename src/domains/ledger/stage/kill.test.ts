import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { test } from 'node:test';
import { sql } from '#database';
import { uuidV7 } from '#ids';
import type { Account } from '#ledger/account';
import type { NewHold } from '#ledger/holds';
import type { Transfer } from '#ledger/transfers';
import { testDatabase } from '#testing';
import type { CrashSettings, Operation } from './crash-child.ts';
import { move, testLedger } from './fixture.ts';

const CHILD = join(import.meta.dirname, 'crash-child.ts');
const database = await testDatabase();
const ledger = await testLedger(database);
let clients = 0;

async function openFunded(purseCount: number): Promise<[Account, Account, ...Account[]]> {
  clients += 1;
  const name = { currency: 'RUB', clientId: `client ${clients}` };
  const labels = Array.from({ length: purseCount }, (_, at) => `${at}`);
  const [source, ...purses] = await ledger.open([
    { ...name, type: 'source' },
    ...labels.map((label) => ({ ...name, type: 'purse', label })),
  ]);
  assert.ok(source);
  for (const purse of purses) await ledger.submit([move(source, purse, 500n)]);
  return [source, ...purses] as [Account, Account, ...Account[]];
}

function startChild(settings: Omit<CrashSettings, 'url'>) {
  const text = JSON.stringify({ url: database.url, ...settings });
  const child = spawn(process.execPath, [CHILD, text], { stdio: ['ignore', 'pipe', 'pipe'] });
  let [said, failed] = ['', ''];
  child.stdout.on('data', (chunk) => (said += chunk));
  child.stderr.on('data', (chunk) => (failed += chunk));
  // Closed, not only gone: what it has written is all read then.
  const ended = once(child, 'close').then(([, signal]) => assert.equal(signal, 'SIGKILL', failed));
  return { child, ended, said: () => said };
}

const idsOf = (accounts: readonly Account[]) => accounts.map(({ id }) => String(id));

test('killed under load: whatever was answered is there, nothing is there twice, and asking again completes it', async () => {
  const accounts = await openFunded(5);
  const asked = new Map<string, bigint>();
  const answered = new Set<string>();
  for (const killAfter of [200, 700, 1500]) {
    const one = startChild({ accounts: idsOf(accounts) });
    one.child.stdout.on('data', () => {
      if (one.said().split('\n').length > killAfter) one.child.kill('SIGKILL');
    });
    await one.ended;
    for (const line of one.said().split('\n')) {
      const [word, id = '', to] = line.split(' ');
      if (word === 'ask' && to) asked.set(id, BigInt(to));
      if (word === 'posted' && id.length === 36) answered.add(id);
      assert.notEqual(word, 'refused');
    }
  }
  assert.ok(answered.size > 100 && answered.size < asked.size);
  const there = await ledger.transfers([...answered]);
  assert.equal(there.length, answered.size);
  assert.deepEqual((await ledger.verify()).findings, []);

  const found = await ledger.byIds([...asked.values()]);
  const again = [...asked].map(([id, to]) =>
    move(accounts[0], found.get(to) as Account, 1n, { id }),
  );
  const outcomes = await Promise.all(again.map((transfer) => ledger.submit([transfer])));
  assert.ok(outcomes.every(({ outcome }) => outcome === 'posted'));
  const { balanceMinor } = await ledger.account(accounts[0].id);
  assert.equal(balanceMinor, BigInt(asked.size + 5 * 500));
  while ((await ledger.seal()) > 0);
  assert.deepEqual((await ledger.verify()).findings, []);
});

/** What stands after an operation, however often it was begun. */
interface Stage {
  readonly source: Account;
  readonly purse: Account;
  readonly hold: NewHold;
  readonly transfer: string;
  readonly target: Transfer;
}

/** Does it again, as whoever got no answer does. */
const AGAIN: Readonly<Record<Operation, (stage: Stage) => Promise<unknown>>> = {
  submit: ({ purse, source, transfer }) =>
    ledger.submit([move(source, purse, 100n, { id: transfer })]),
  reserve: ({ hold }) => database.transaction((tx) => ledger.reserve(tx, [hold])),
  settle: ({ hold, purse, source, transfer: id }) => {
    const settling = { hold: hold.id, transfer: move(purse, source, 120n, { id }) };
    return database.transaction((tx) => ledger.settle(tx, settling));
  },
  release: ({ hold }) => database.transaction((tx) => ledger.release(tx, [hold.id])),
  expire: () => ledger.expire(),
  seal: () => ledger.seal(),
  reverse: ({ target, transfer }) => ledger.reverse({ id: transfer, transfer: target.id }),
};

/** Balance and held amount of the purse when it was done once. */
const ONCE: Readonly<Record<Operation, readonly [bigint, bigint]>> = {
  ...{ submit: [640n, 0n], reserve: [540n, 300n], settle: [420n, 0n], release: [540n, 0n] },
  ...{ expire: [540n, 0n], seal: [540n, 0n], reverse: [500n, 0n] },
};

async function prepare(operation: Operation): Promise<Stage> {
  const [source, purse] = await openFunded(1);
  const target = move(source, purse, 40n);
  await ledger.submit([target]);
  const hold: NewHold = {
    ...{ id: uuidV7(), kind: 'test', reference: '' },
    parts: [{ account: purse, amountMinor: 300n }],
    expiresAt: new Date(Date.now() + 60_000),
  };
  if (['settle', 'release', 'expire'].includes(operation))
    await database.transaction((tx) => ledger.reserve(tx, [hold]));
  if (operation === 'expire')
    await sql`update ledger.hold set expires_at = created_at where id = ${hold.id}`.execute(
      database.pool,
    );
  return { source, purse, hold, transfer: uuidV7(), target };
}

for (const operation of Object.keys(ONCE) as Operation[]) {
  for (const moment of ['before', 'after'] as const) {
    test(`${operation}, killed ${moment} its commit and begun again, is done once`, async () => {
      const stage = await prepare(operation);
      const { hold, purse, source, target, transfer } = stage;
      await startChild({
        ...{ accounts: idsOf([source, purse]), operation, moment },
        ...{ hold: hold.id, transfer, target: target.id },
      }).ended;
      await AGAIN[operation](stage);
      await AGAIN[operation](stage);
      const { balanceMinor, heldMinor } = await ledger.account(purse.id);
      assert.deepEqual([balanceMinor, heldMinor], ONCE[operation]);
      assert.deepEqual((await ledger.verify()).findings, []);
    });
  }
}

test('a killed sealer leaves what it had taken to be sealed', async () => {
  const stage = await prepare('seal');
  const accounts = idsOf([stage.source, stage.purse]);
  await startChild({ accounts, operation: 'seal', moment: 'before' }).ended;
  while ((await ledger.seal()) > 0);
  const { rows } = await sql<{ waiting: bigint }>`
    select count(*) as waiting from ledger.unsealed`.execute(database.pool);
  assert.equal(rows[0]?.waiting, 0n);
  assert.deepEqual((await ledger.verify()).findings, []);
});
