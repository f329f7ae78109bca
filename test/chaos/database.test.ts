import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite, type TestContext, test } from 'node:test';
import { migrationsFolder } from '#app';
import { migrate, openDatabase, startEmbeddedServer } from '#database';
import { silentLog } from '#log';
import { eventually, freePort, temporaryFolder } from '#testing';
import { assertInvariants, untilQuiet } from './invariants.ts';
import { endLeases } from './locks.ts';
import { openBook } from './operator-book.ts';
import { insist, openPage, phoneOf, storyOf } from './people.ts';
import { startKopek } from './process.ts';
import { setStageOn } from './stage.ts';

// The database itself goes away: a durable server of the test's own, restarted and killed.

const CUSTOMERS = 24;

/** Ends the server of `folder` with all its processes, as a power cut would end them. */
async function killServer(folder: string): Promise<void> {
  const text = await readFile(join(folder, 'data', 'postmaster.pid'), 'utf8').catch(() => '');
  const postmaster = Number(text.split('\n')[0]);
  if (postmaster > 1) process.kill(postmaster, 'SIGKILL');
}

async function ownDurableServer(t: TestContext) {
  const folder = join(await temporaryFolder(t), 'postgres');
  const server = await startEmbeddedServer({ folder });
  const database = openDatabase({ url: server.url, log: silentLog(), name: 'kopek-test' });
  await migrate(database, migrationsFolder);
  const stage = await setStageOn(database, t);
  t.after(async () => {
    await database.close();
    await startEmbeddedServer({ folder }).then(
      (last) => last.stop(),
      () => {},
    );
  });
  return { folder, stage };
}

suite('the database goes away', { concurrency: 2 }, () => {
  test('PostgreSQL killed twice under load: every consent is charged once', async (t) => {
    const { folder, stage } = await ownDurableServer(t);
    const phones = Array.from({ length: CUSTOMERS }, (_, n) => phoneOf(n));
    await stage.start('dispatcher', 'mt-manager', 'telco', 'qlistener');
    await stage.book.tell('/settings', { latencyMs: { min: 20, max: 120 } }, 'PUT');
    const visits = await Promise.all(phones.map((phone) => openPage(stage, phone)));
    const walking = visits.map(async (visit, n) => {
      await new Promise((done) => setTimeout(done, n * 90));
      await insist(stage, visit, 40_000);
    });
    for (const afterMs of [500, 1500]) {
      await new Promise((done) => setTimeout(done, afterMs));
      await killServer(folder);
      await new Promise((done) => setTimeout(done, 300));
      await startEmbeddedServer({ folder });
    }
    await Promise.all(walking);
    // Whose `sending` was committed and whose answer was lost with the server waits for its lease.
    await new Promise((done) => setTimeout(done, 4000));
    await endLeases(stage.database);
    await untilQuiet(stage, 50_000);
    for (const phone of phones) assert.equal((await storyOf(stage, phone))?.bill, 'paid', phone);
    await assertInvariants(stage, { confirmed: phones });
  });

  test('`kopek up` after kill -9 of everything finds its data, and starts', async (t) => {
    const folder = await temporaryFolder(t);
    const simulatorPort = await freePort();
    const settings = {
      ...{ KOPEK_DATA_DIR: folder, KOPEK_PORT: String(await freePort()) },
      OPERATOR_SIMULATOR_PORT: String(simulatorPort),
      ERP_SIMULATOR_PORT: String(await freePort()),
      SMS_SIMULATOR_PORT: String(await freePort()),
      PROCESSING_SIMULATOR_PORT: String(await freePort()),
      PAYMENTS_API_PORT: String(await freePort()),
    };
    const first = await startKopek(['up'], settings);
    const site = `http://127.0.0.1:${settings.KOPEK_PORT}`;
    const book = openBook(`http://127.0.0.1:${simulatorPort}`);
    const phone = phoneOf(1);
    await insist({ site } as never, await openPage({ site } as never, phone));
    await eventually(async () => assert.equal((await book.debits()).length, 1), {
      timeoutMs: 10_000,
    });
    await first.kill();
    await killServer(join(folder, 'postgres'));
    const second = await startKopek(['up'], settings);
    t.after(() => second.kill());
    await eventually(
      async () => {
        const link = (await book.delivered()).some((message) => /Your link/.test(message.text));
        assert.ok(link || (await book.debits()).length === 1);
      },
      { timeoutMs: 10_000 },
    );
    assert.equal((await book.debits()).length, 1);
    const { code, tookMs } = await second.stop();
    assert.equal(code, 0, second.said());
    assert.ok(tookMs < 5000);
  });
});
