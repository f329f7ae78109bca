import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type Database, sql } from '#database';
import { eventually, testDatabase } from '#testing';
import type { CrashSettings } from './crash-child.ts';
import { answerWith, openWebhooks, startReceiver, type TestReceiver } from './fixture.ts';

const PATIENCE = { timeoutMs: 60_000 };
/** Far more points than there are: a child that never ends by itself is a fault. */
const POINTS_MOST = 60;
const KEYS = 4;
const EVENTS = 16;

test('killed around each of its commits: everything arrives, in order, again only what was in its hand', async (t) => {
  const stage = await setStage(t);
  let killed = true;
  for (let dieAt = 1; killed; dieAt += 3) {
    assert.ok(dieAt < POINTS_MOST);
    await stage.enqueueSome();
    killed = await ended(stage.run(dieAt));
    await endLeases(stage.database);
    assert.equal(await ended(stage.run(0)), false);
    assert.equal(await countHands(stage.database), 0, 'whoever ended in peace holds nothing');
    stage.assertArrived(killed);
    t.diagnostic(`killed at ${dieAt}: ${killed}`);
    if (dieAt === 1) assert.ok(killed, 'the points are those of its work');
  }
});

test('killed while the receiver has the request, and right behind its answer: the same', async (t) => {
  for (const isAnswered of [false, true]) {
    const stage = await setStage(t);
    await stage.enqueueSome();
    let child: ChildProcess | undefined;
    let calls = 0;
    stage.receiver.answer = (heard, response) => {
      calls += 1;
      if (calls !== 7) return answerWith(200)(heard, response);
      if (isAnswered) answerWith(200)(heard, response);
      child?.kill('SIGKILL');
    };
    child = stage.run(0);
    assert.ok(await ended(child));
    await endLeases(stage.database);
    assert.equal(await ended(stage.run(0)), false);
    stage.assertArrived(true);
    const { rows } = await sql`select from platform.webhook_attempt where outcome = 'lost'`.execute(
      stage.database.pool,
    );
    assert.ok(rows.length > 0, 'the attempt that was lost is in the log');
  }
});

test('three workers on one database: each event arrives once, in order, never more at once than may be', async (t) => {
  const { all, deliver, endpointFor, enqueue, eventOf } = openWebhooks(await testDatabase(t));
  const receiver = await startReceiver(t);
  receiver.answer = (heard, response) => setTimeout(() => answerWith(200)(heard, response), 5);
  await endpointFor(receiver.url);
  const events = Array.from({ length: 300 }, (_, at) =>
    eventOf({ key: `key_${at % 40}`, data: { key: at % 40, place: Math.floor(at / 40) } }),
  );
  for (let worker = 0; worker < 3; worker += 1) deliver(t, { perEndpoint: 10 });
  for (let at = 0; at < events.length; at += 20) await enqueue(...events.slice(at, at + 20));
  await eventually(async () => {
    const states = (await all()).map(({ state }) => state);
    assert.ok(states.every((state) => state === 'delivered'));
  }, PATIENCE);
  assert.equal(receiver.heard.length, 300);
  assertOrdered(receiver, 40);
  assert.ok(receiver.open.most <= 10, `${receiver.open.most} at once`);
});

async function setStage(t: TestContext) {
  const database = await testDatabase(t);
  const { endpointFor, enqueue, eventOf, clock } = openWebhooks(database);
  // The children live in real time.
  clock.set(new Date());
  const receiver = await startReceiver(t);
  await endpointFor(receiver.url);
  return {
    database,
    receiver,
    async enqueueSome() {
      receiver.heard.length = 0;
      const some = Array.from({ length: EVENTS }, (_, at) =>
        eventOf({
          key: `key_${at % KEYS}`,
          data: { key: at % KEYS, place: Math.floor(at / KEYS) },
        }),
      );
      await enqueue(...some);
    },
    run(dieAt: number): ChildProcess {
      const settings: CrashSettings = { url: database.url, dieAt };
      const child = spawn(
        process.execPath,
        [join(import.meta.dirname, 'crash-child.ts'), JSON.stringify(settings)],
        { stdio: ['ignore', 'ignore', 'inherit'] },
      );
      t.after(() => child.kill('SIGKILL'));
      return child;
    },
    assertArrived(wasKilled: boolean) {
      assert.equal(new Set(receiver.heard.map(({ id }) => id)).size, EVENTS);
      const again = receiver.heard.length - EVENTS;
      // No more can be under way than there are keys.
      assert.ok(again <= (wasKilled ? KEYS : 0), `${again} came again`);
      assertOrdered(receiver, KEYS);
    },
  };
}

/** By the first time that each was heard. */
function assertOrdered(receiver: TestReceiver, keys: number): void {
  const seen = new Set<string>();
  const places = Array.from({ length: keys }, (): number[] => []);
  for (const { body, id } of receiver.heard) {
    if (seen.has(id)) continue;
    seen.add(id);
    const { key, place } = JSON.parse(body).data as { key: number; place: number };
    places[key]?.push(place);
  }
  for (const [key, order] of places.entries())
    assert.deepEqual(
      order,
      order.toSorted((a, b) => a - b),
      `key ${key}`,
    );
}

/** True when it was killed, false when it has done all and ended by itself. */
async function ended(child: ChildProcess): Promise<boolean> {
  const [code, signal] = await once(child, 'exit');
  assert.ok(signal === 'SIGKILL' || code === 0, `the child ended by itself: ${code} ${signal}`);
  return signal === 'SIGKILL';
}

/** As if the time of the leases had passed: liveness is the database's clock, which no test can move. */
async function endLeases(database: Database): Promise<void> {
  await sql`update platform.webhook_delivery set lease_until = '-infinity' where lease_until is not null`.execute(
    database.pool,
  );
  // What a dead worker had in its hand counts against its receiver until then, too.
  await sql`update platform.webhook_hand set held_until = '-infinity'`.execute(database.pool);
}

async function countHands(database: Database): Promise<number> {
  const { rows } =
    await sql`select from platform.webhook_hand where held_until > clock_timestamp()`.execute(
      database.pool,
    );
  return rows.length;
}
