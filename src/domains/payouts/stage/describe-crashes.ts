import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { createApiKey, createKeyring } from '#auth';
import { type Database, sql } from '#database';
import { createHttpServer } from '#http';
import { registerContractRoutes, registerLedgerRoutes } from '#ledger';
import { runCrashChild, testDatabase } from '#testing';
import type { CrashSettings } from './crash-child.ts';
import { type MadePayout, type Stage, setStage, TOPICS } from './machine-fixture.ts';

/** Kills oebs-gate at its first point, at each `stride` behind it, and at last not at all. */
export function describeCrashes(how: How): void {
  const over = `the system of accounts ${how.over === 'http' ? 'over HTTP' : 'in its process'}`;
  test(`killed on the way out, ${over}: each payout is sent once, and its money is in one place`, (t) =>
    killOnTheWayOut(t, how));
  test(`killed on the way back, ${over}: paid, rejected, returned, each once`, (t) =>
    killOnTheWayBack(t, how));
}

export interface How {
  readonly stride: number;
  readonly over: 'process' | 'http';
}

async function open(t: TestContext, { over }: How) {
  const database = await testDatabase(t);
  const stage = await setStage(database);
  await stage.erp.start();
  t.after(async () => {
    await stage.erp.stop();
    await stage.bus.close();
  });
  const remote = over === 'http' ? { remote: await serveAccounts(t, stage) } : {};
  const run = (given: Omit<CrashSettings, 'url' | 'remote'>) =>
    runCrashChild(t, CHILD, { url: database.url, ...given, ...remote });
  return { ...stage, run };
}

/** The ledger's own API, as a process `accounts` serves it. */
async function serveAccounts(t: TestContext, { clock, database, ledger, log }: Stage) {
  const keyring = createKeyring({ database });
  const server = await createHttpServer({ log, api: { keyring, database, clock } });
  registerLedgerRoutes(server.app, { ledger, database });
  registerContractRoutes(server.app, { ledger, clock });
  const { url } = await server.listen(0, '127.0.0.1');
  t.after(() => server.close());
  const scopes = ['ledger:read', 'ledger:write'];
  const { text: key } = await createApiKey(database, { name: 'gate', scopes, now: clock.now() });
  return { url, key };
}

const ENDS = ['paid', 'rejected', 'returned'];
/** Far more points than there are: a child that never ends by itself is a fault. */
const POINTS_MOST = 100;

const CHILD = join(import.meta.dirname, 'crash-child.ts');

/** As if the time of the leases had passed: liveness is the database's clock, which no test can move. */
async function endLeases(database: Database): Promise<void> {
  await sql`update payouts.payout set lease_until = '-infinity' where lease_until is not null`.execute(
    database.pool,
  );
  await sql`update platform.bus_lane set lease_until = '-infinity' where ctid = any (array(
    select ctid from platform.bus_lane for update skip locked))`.execute(database.pool);
  await sql`delete from platform.bus_member`.execute(database.pool);
}

/** Whatever has happened: each payout was published once, under the one name that it has. */
async function assertToldOnce(erp: Stage['erp'], payouts: readonly MadePayout[]): Promise<void> {
  const told = await erp.heard();
  for (const { account, erpId } of payouts) {
    const ofAccount = told.filter((one) => one.account === account);
    assert.deepEqual(
      ofAccount.map((one) => one.erp_id),
      [erpId],
    );
  }
}

async function killOnTheWayOut(t: TestContext, how: How): Promise<void> {
  const { ask, database, erp, judge, machine, moneyOf, run, stateOf } = await open(t, how);
  let killed = true;
  for (let dieAt = 1; killed; dieAt += how.stride) {
    assert.ok(dieAt < POINTS_MOST);
    const payouts = [await ask({ amount: 700n, earned: 1000n }), await ask()];
    killed = await run({ dieAt, until: ['in_flight'] });
    await endLeases(database);
    assert.deepEqual(await judge(), [], `killed at ${dieAt}`);
    await machine.gate.round();
    for (const payout of payouts) assert.equal(await stateOf(payout), 'in_flight');
    assert.deepEqual(await judge(), [], `after ${dieAt}`);
    assert.deepEqual(
      await Promise.all(payouts.map(moneyOf)),
      [300n, 0n].map((has) => ({ has, reserved: 0n, sent: 1000n - has })),
    );
    await assertToldOnce(erp, payouts);
    t.diagnostic(`killed at ${dieAt}: ${killed}`);
  }
}

async function killOnTheWayBack(t: TestContext, how: How): Promise<void> {
  const { ask, bus, database, erp, judge, machine, moneyOf, run, stateOf } = await open(t, how);
  let killed = true;
  for (let dieAt = 1; killed; dieAt += how.stride) {
    assert.ok(dieAt < POINTS_MOST);
    const payouts = [await ask(), await ask(), await ask()];
    await machine.gate.round();
    await tell({ bus, database }, payouts, [
      ['ACK', 'PAID'],
      ['ACK', 'REJECTED'],
      ['RETURNED', 'PAID'],
    ]);
    killed = await run({ dieAt, until: ENDS });
    await endLeases(database);
    assert.deepEqual(await judge(), [], `killed at ${dieAt}`);
    assert.equal(await run({ dieAt: 0, until: ENDS }), false);
    assert.deepEqual(await Promise.all(payouts.map(stateOf)), ['paid', 'rejected', 'returned']);
    assert.deepEqual(
      await Promise.all(payouts.map(moneyOf)),
      [0n, 1000n, 1000n].map((has) => ({ has, reserved: 0n, sent: 0n })),
    );
    assert.deepEqual(await judge(), [], `after ${dieAt}`);
    await assertToldOnce(erp, payouts);
    t.diagnostic(`killed at ${dieAt}: ${killed}`);
  }
}

function tell(
  { bus, database }: Pick<Stage, 'bus' | 'database'>,
  payouts: readonly MadePayout[],
  words: readonly (readonly string[])[],
): Promise<void> {
  const messages = payouts.flatMap(({ erpId }, index) =>
    (words[index] ?? []).map((status) => ({
      ...{ key: erpId, payload: { event_id: `${status} ${erpId}`, erp_id: erpId, status } },
    })),
  );
  return database.transaction((tx) => bus.publish(tx, TOPICS.statusOebs, messages));
}
