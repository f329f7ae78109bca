import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { type Database, sql, type Tx } from '#database';
import { rowsLookedAt, testDatabase } from '#testing';
import { openWebhooks } from './fixture.ts';
import {
  type AttemptResult,
  type ClaimedDelivery,
  claimDeliveries,
  recordAttempts,
} from './store-claims.ts';

interface ClaimChanges {
  readonly most?: number;
  readonly perEndpoint?: number;
  readonly failuresMax?: number;
  readonly worker?: string;
  readonly held?: ReadonlyMap<bigint, number>;
}

/** Each claim by a worker of its own unless told, with nothing in its hand. */
function claimOf(database: Database, now: Date) {
  return async (more: ClaimChanges = {}) => {
    const { deliveries } = await claimDeliveries(database.pool, {
      ...{ worker: randomUUID(), held: new Map(), owner: randomUUID(), leaseMs: 60_000, now },
      ...{ most: 100, perEndpoint: 10, failuresMax: 10, ...more },
    });
    return deliveries;
  };
}

function resultOf(delivery: ClaimedDelivery, at: Date): AttemptResult {
  return {
    ...{ delivery, state: 'delivered', outcome: 'delivered', status: 200, tookMs: 1 },
    ...{ response: '', nextAttemptAt: at, at },
  };
}

async function end(
  database: Database,
  claimed: readonly ClaimedDelivery[],
  at: Date,
): Promise<void> {
  const results = claimed.map((delivery) => resultOf(delivery, at));
  await recordAttempts(database.pool, recordOf(results, at));
}

function recordOf(results: readonly AttemptResult[], now: Date) {
  return { results, news: [], policy: { failuresMax: 10, openMs: 1000, openMostMs: 1000 }, now };
}

test('ten thousand behind one of their key do not hide another key, and each claim looks at them once', async (t) => {
  const { clock, database, endpointFor, enqueue, eventOf } = openWebhooks(await testDatabase(t));
  await endpointFor('https://receiver.test/');
  const claim = claimOf(database, clock.now());
  await enqueue(...Array.from({ length: 10_000 }, () => eventOf({ key: 'busy' })));
  await enqueue(eventOf({ key: 'other' }));
  const claimed = await claim();
  assert.equal(claimed.length, 2);
  assert.deepEqual(await claim(), []);
  const { rows } = await sql<{ free: bigint }>`
    select count(*) as free from platform.webhook_delivery where state = 'waiting' and behind is null`.execute(
    database.pool,
  );
  assert.equal(rows[0]?.free, 2n);
  for (let turn = 0; turn < 3; turn += 1) {
    const [first] = turn === 0 ? claimed : await claim();
    assert.ok(first);
    await end(database, [first], clock.now());
  }
  const [fourth] = await claim();
  assert.equal(fourth?.eventId, 'evt_4');
});

test('room is shared: of no endpoint more than it may have, of all no more than is asked for', async (t) => {
  const { clock, database, endpointFor, enqueue, eventOf } = openWebhooks(await testDatabase(t));
  for (const name of ['a', 'b', 'c']) await endpointFor(`https://${name}.test/`);
  await enqueue(...Array.from({ length: 50 }, () => eventOf()));
  const claim = claimOf(database, clock.now());
  const first = await claim({ perEndpoint: 4 });
  const byEndpoint = Map.groupBy(first, ({ endpointId }) => endpointId);
  assert.deepEqual(
    [...byEndpoint.values()].map((of) => of.length),
    [4, 4, 4],
  );
  assert.deepEqual(await claim({ perEndpoint: 4 }), []);
  assert.equal((await claim({ perEndpoint: 10, most: 7 })).length, 7);
});

test('a result that comes after the lease was lost changes nothing, and the log keeps both attempts', async (t) => {
  const { all, clock, database, endpointFor, enqueue, eventOf, webhooks } = openWebhooks(
    await testDatabase(t),
  );
  const { ref } = await endpointFor('https://receiver.test/');
  await enqueue(eventOf());
  const claim = claimOf(database, clock.now());
  const [late] = await claim();
  await sql`update platform.webhook_delivery set lease_until = '-infinity'`.execute(database.pool);
  const [next] = await claim();
  assert.ok(late && next);
  assert.deepEqual([late.attempt, next.attempt], [1, 2]);
  await end(database, [late], clock.now());
  assert.equal((await all())[0]?.state, 'waiting');
  await end(database, [next], clock.now());
  const { log, state } = await webhooks.delivery({ scope: ref.scope, id: next.id });
  assert.equal(state, 'delivered');
  assert.deepEqual(
    log.map(({ attempt, outcome }) => [attempt, outcome]),
    [
      [2, 'delivered'],
      [1, 'lost'],
    ],
  );
});

test('whoever ends one while another is being marked as waiting behind it frees it: nothing waits for ever', async (t) => {
  const { all, clock, database, endpointFor, enqueue, eventOf } = openWebhooks(
    await testDatabase(t),
  );
  await endpointFor('https://receiver.test/');
  const events = Array.from({ length: 400 }, (_, at) => eventOf({ key: `key_${at % 7}` }));
  const claim = claimOf(database, clock.now());
  const enqueuing = (async () => {
    for (let at = 0; at < events.length; at += 10) await enqueue(...events.slice(at, at + 10));
  })();
  let isEnqueued = false;
  void enqueuing.then(() => {
    isEnqueued = true;
  });
  const work = async () => {
    const worker = randomUUID();
    for (let idle = 0; idle < 20 || !isEnqueued; ) {
      const claimed = await claim({ worker, perEndpoint: 5 });
      idle = claimed.length === 0 ? idle + 1 : 0;
      await Promise.all(claimed.map((one) => end(database, [one], clock.now())));
    }
  };
  await Promise.all([work(), work(), work(), enqueuing]);
  assert.deepEqual(new Set((await all()).map(({ state }) => state)), new Set(['delivered']));
  assert.equal(database.deadlocks.count, 0);
});

test('results are written by their ids, however many wait, and whatever statistics believe', async (t) => {
  const { clock, database, endpointFor, enqueue, eventOf } = openWebhooks(await testDatabase(t));
  await endpointFor('https://receiver.test/');
  const claim = claimOf(database, clock.now());
  const looksOf = async (delivery: ClaimedDelivery) => {
    const results = Array.from({ length: 64 }, () => resultOf(delivery, clock.now()));
    const record = (tx: Tx) => recordAttempts(tx, recordOf(results, clock.now()));
    return (await rowsLookedAt(database, ['platform.webhook_delivery'], record)).rows;
  };
  await sql`analyze platform.webhook_delivery`.execute(database.pool);
  await enqueue(...Array.from({ length: 5000 }, () => eventOf()));
  const [first, second] = await claim();
  assert.ok(first && second);
  const looks = [await looksOf(first)];
  await sql`analyze platform.webhook_delivery`.execute(database.pool);
  looks.push(await looksOf(second));
  for (const count of looks) assert.ok(count > 0 && count <= 200, `${count} rows`);
});

test('what a worker has in its hand counts against the room of others until it says less, or is taken for dead', async (t) => {
  const { clock, database, endpointFor, enqueue, eventOf } = openWebhooks(await testDatabase(t));
  const { ref } = await endpointFor('https://receiver.test/');
  await enqueue(...Array.from({ length: 50 }, () => eventOf()));
  const claim = claimOf(database, clock.now());
  const worker = randomUUID();
  const held = (count: number) => ({ worker, held: new Map([[ref.id, count]]) });
  assert.equal((await claim({ worker })).length, 10);
  assert.equal((await claim()).length, 0, 'all room is in the hand of the first');
  assert.equal((await claim(held(10))).length, 0);
  assert.equal((await claim({ ...held(7), most: 1 })).length, 1, 'three have come back');
  assert.equal((await claim({ most: 5 })).length, 2);
  await claim({ worker, perEndpoint: 0 });
  assert.equal((await claim()).length, 8, 'it has nothing any more, and says so');
  await sql`update platform.webhook_hand set held_until = '-infinity'`.execute(database.pool);
  assert.equal((await claim()).length, 10, 'those who died hold nothing up');
});
