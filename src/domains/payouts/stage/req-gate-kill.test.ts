import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { after, describe, type TestContext, test } from 'node:test';
import { createApiKey, createKeyring } from '#auth';
import { createHttpServer } from '#http';
import { registerLedgerRoutes } from '#ledger';
import {
  type AccountSystem,
  createAccountsInProcess,
  createAccountsOverHttp,
} from '#payouts/accounts';
import { endLeases, judgeRequests, payoutsOf } from '#payouts/requests/judge-requests';
import { eventually, testDatabase } from '#testing';
import { earn, runRequests } from './fixture.ts';
import type { GateChildSettings } from './gate-child.ts';

const WAIT_MS = 30_000;
const database = await testDatabase();
const house = await runRequests(database);
const { ask, bus, clock, ledger, log, requests } = house;
const keyring = createKeyring({ database });
const server = await createHttpServer({ log, api: { keyring, database, clock } });
registerLedgerRoutes(server.app, { ledger, database });
const { url } = await server.listen(0, '127.0.0.1');
const { text: key } = await createApiKey(database, {
  ...{ name: 'gates', scopes: ['ledger:read', 'ledger:write'], now: clock.now() },
});
const remote = createAccountsOverHttp({ url, key });
after(async () => {
  await remote.close();
  await server.close();
  await house.close();
});

let children = 100;

function startChild(t: TestContext, settings: Partial<GateChildSettings>): ChildProcess {
  children += 1;
  const all = { url: database.url, processNumber: children, limit: 100, ...settings };
  const child = spawn(
    process.execPath,
    [join(import.meta.dirname, 'gate-child.ts'), JSON.stringify(all)],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  t.after(() => child.kill('SIGKILL'));
  return child;
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  assert.equal(child.signalCode, 'SIGKILL', 'it was killed, and did not fail before');
}

let stories = 0;

/** Partners with two accounts each, and requests of them, several for each. */
async function prepare(partners: number, each: number): Promise<readonly string[]> {
  stories += 1;
  const asked: string[] = [];
  for (let n = 0; n < partners; n += 1) {
    const clientId = `partner ${n} of story ${stories}`;
    await earn(ledger, { clientId, amountMinor: 100n });
    await earn(ledger, { clientId, amountMinor: 70n, label: 'second' });
    for (let m = 0; m < each; m += 1) asked.push(await ask(clientId));
  }
  return asked;
}

async function finish(accounts: AccountSystem): Promise<void> {
  await endLeases(database);
  const survivor = house.gate(accounts);
  while ((await requests.waiting()).count > 0) await survivor.turn();
}

const judge = (asked: readonly string[]) =>
  judgeRequests({ database, bus }, { requests, asked, accountsOf: () => 2 });

async function countEnded(asked: readonly string[]): Promise<number> {
  const all = await Promise.all(asked.map((request) => requests.find(request)));
  return all.filter(({ status }) => status === 'done').length;
}

for (const { accounts, name, settings } of [
  { name: 'in its process', accounts: createAccountsInProcess(ledger), settings: {} },
  { name: 'over HTTP', accounts: remote, settings: { accounts: { url, key } } },
]) {
  describe(`req-gate with the system of accounts ${name}`, () => {
    for (const dies of ['claimed', 'answered', 'written', 'committed'] as const) {
      test(`killed when a batch is ${dies}: another gate ends it, and each account has one payout`, async (t) => {
        const asked = await prepare(4, 3);
        await ended(startChild(t, { ...settings, dies }));
        assert.equal(await countEnded(asked), dies === 'committed' ? asked.length : 0);
        // What the dead one holds by its lease nobody touches before that has ended.
        await house.gate(accounts).turn();
        assert.equal(await countEnded(asked), dies === 'committed' ? asked.length : 0);
        await finish(accounts);
        await judge(asked);
      });
    }

    test('two copies, killed again and again at any moment, and started again', async (t) => {
      const asked = await prepare(40, 4);
      for (let round = 0; round < 3; round += 1) {
        const pair = [1, 2].map(() => startChild(t, { ...settings, limit: 3 }));
        await Promise.all(pair.map((child) => child.stdout && once(child.stdout, 'data')));
        await new Promise((done) => setTimeout(done, 20 + Math.random() * 80));
        for (const child of pair) {
          child.kill('SIGKILL');
          await ended(child);
        }
        await endLeases(database);
      }
      await finish(accounts);
      await judge(asked);
    });

    test('two copies side by side do all, each request once', async (t) => {
      const asked = await prepare(20, 5);
      for (const limit of [3, 7]) startChild(t, { ...settings, limit });
      await eventually(async () => assert.equal(await countEnded(asked), asked.length), {
        ...{ timeoutMs: WAIT_MS, intervalMs: 100 },
      });
      await judge(asked);
    });
  });
}

test('no payout of any story was made for another amount than the balance', async () => {
  const payouts = await payoutsOf(database, 'partner 0 of story 1');
  assert.deepEqual(payouts.map((one) => one.amount_minor).toSorted(), [100n, 70n]);
});
