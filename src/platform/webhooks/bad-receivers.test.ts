import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sql } from '#database';
import { eventually, testDatabase } from '#testing';
import { answerWith, openWebhooks, startReceiver } from './fixture.ts';
import { tidyWebhooks } from './index.ts';

const PATIENCE = { timeoutMs: 60_000 };
const DAY_MS = 86_400_000;

test('a receiver that hangs costs its own place only: others are served meanwhile', async (t) => {
  const { all, deliver, endpointFor, enqueue, eventOf, webhooks } = openWebhooks(
    await testDatabase(t),
  );
  const [hanging, fine] = [await startReceiver(t), await startReceiver(t)];
  hanging.answer = () => {};
  const [bad, good] = [await endpointFor(hanging.url), await endpointFor(fine.url)];
  await enqueue(...Array.from({ length: 200 }, () => eventOf()));
  const breaker = { failuresMax: 20, openMs: 600_000 };
  deliver(t, { timeoutMs: 3000, perEndpoint: 8, concurrency: 24, breaker });
  const delivered = { endpointId: good.endpoint.id, state: 'delivered' } as const;
  await eventually(async () => assert.equal((await all(delivered)).length, 200), PATIENCE);
  // The breaker opens, and what was not tried is not tried.
  await eventually(async () => assert.ok((await webhooks.endpoint(bad.ref)).openUntil), PATIENCE);
  await eventually(() => assert.equal(hanging.open.now, 0), PATIENCE);
  const tried = (await all({ endpointId: bad.endpoint.id })).filter(({ attempts }) => attempts > 0);
  assert.ok(tried.length >= 20 && tried.length < 60, `${tried.length} were tried`);
  assert.ok(tried.some(({ reason }) => reason === 'timeout'));
  assert.ok(hanging.open.most <= 8, `${hanging.open.most} at once`);
});

test('an answer that drips, or has no end, is decided by its status within the time of a call', async (t) => {
  const { all, deliver, endpointFor, enqueue, eventOf } = openWebhooks(await testDatabase(t));
  const receiver = await startReceiver(t);
  receiver.answer = ({ path }, response) => {
    response.writeHead(path === '/drip' ? 200 : 500);
    const timer = setInterval(() => response.write('x'.repeat(path === '/drip' ? 1 : 40_000)), 50);
    response.once('close', () => clearInterval(timer));
  };
  const drip = await endpointFor(`${receiver.url}/drip`);
  const flood = await endpointFor(`${receiver.url}/flood`);
  await enqueue(eventOf());
  deliver(t, { timeoutMs: 2000 });
  await eventually(async () => {
    const [dripped] = await all({ endpointId: drip.endpoint.id });
    const [flooded] = await all({ endpointId: flood.endpoint.id });
    assert.deepEqual([dripped?.state, flooded?.reason], ['delivered', 'status_500']);
  }, PATIENCE);
  await eventually(() => assert.equal(receiver.open.now, 0), PATIENCE);
});

test('a receiver that flaps has all in the end, each in the order of its key', async (t) => {
  const { all, clock, deliver, endpointFor, enqueue, eventOf } = openWebhooks(
    await testDatabase(t),
  );
  const receiver = await startReceiver(t);
  const taken: string[] = [];
  let calls = 0;
  receiver.answer = ({ body }, response) => {
    calls += 1;
    // The connection breaks, or before it stands a proxy that finds nobody.
    if (calls % 4 === 1) return void response.destroy();
    if (calls % 8 === 3) return answerWith(503)({} as never, response);
    taken.push(JSON.parse(body).data);
    // Taken, and the answer lost: it comes again, under the same id.
    if (calls % 8 === 7) return void response.destroy();
    answerWith(200)({} as never, response);
  };
  await endpointFor(receiver.url);
  const events = Array.from({ length: 60 }, (_, at) =>
    eventOf({ key: `key_${at % 10}`, data: `${at % 10}/${Math.floor(at / 10)}` }),
  );
  await enqueue(...events);
  deliver(t, { breaker: { failuresMax: 5, openMs: 5, openMostMs: 20 } });
  await eventually(
    async () => {
      const waiting = await all({ state: 'waiting' });
      const later = waiting
        .map(({ nextAttemptAt }) => Number(nextAttemptAt))
        .filter((ms) => ms > clock.nowMs());
      if (later.length > 0) clock.set(new Date(Math.min(...later)));
      assert.equal(waiting.length, 0);
    },
    { ...PATIENCE, intervalMs: 60 },
  );
  assert.deepEqual(new Set((await all()).map(({ state }) => state)), new Set(['delivered']));
  for (let key = 0; key < 10; key += 1) {
    const ofKey = taken
      .filter((name) => name.startsWith(`${key}/`))
      .map((name) => Number(name.split('/')[1]));
    assert.deepEqual(ofKey, ofKey.toSorted(), `of key ${key}: ${ofKey}`);
    assert.equal(new Set(ofKey).size, 6);
  }
});

test('after its breaker one is tried, and when that succeeds the rest follows at once', async (t) => {
  const { clock, database, deliver, endpointFor, enqueue, eventOf, webhooks } = openWebhooks(
    await testDatabase(t),
  );
  const receiver = await startReceiver(t);
  receiver.answer = answerWith(502);
  const { ref } = await endpointFor(receiver.url);
  await enqueue(...Array.from({ length: 30 }, () => eventOf()));
  const policy = { perEndpoint: 3, breaker: { failuresMax: 3, openMs: 600_000 } };
  const first = deliver(t, policy);
  await eventually(async () => assert.ok((await webhooks.endpoint(ref)).openUntil), PATIENCE);
  // What it had in hand when the breaker opened is called still.
  await first.stop();
  const before = receiver.heard.length;
  assert.ok(before <= 9, `${before} calls`);
  let release = () => {};
  receiver.answer = (_heard, response) => {
    release = () => void response.writeHead(200).end();
  };
  clock.advanceMs(60_000);
  await sql`update platform.webhook_endpoint set open_until = clock_timestamp()`.execute(
    database.pool,
  );
  deliver(t, policy);
  await eventually(() => assert.equal(receiver.heard.length, before + 1), PATIENCE);
  // Many looks later it is still the only one.
  await new Promise((resolve) => setTimeout(resolve, 200));
  assert.equal(receiver.heard.length, before + 1);
  receiver.answer = answerWith(200);
  release();
  await eventually(
    () => assert.equal(new Set(receiver.heard.map(({ id }) => id)).size, 30),
    PATIENCE,
  );
});

test('what has no time left ends while its receiver is down, and not where only we were away', async (t) => {
  const { all, clock, database, deliver, endpointFor, enqueue, eventOf } = openWebhooks(
    await testDatabase(t),
  );
  const receiver = await startReceiver(t);
  const down = await endpointFor('http://127.0.0.1:1/');
  const fine = await endpointFor(receiver.url);
  await enqueue(eventOf({ key: 'k' }), eventOf({ key: 'k' }));
  await sql`update platform.webhook_endpoint set failures = 10 where id = ${down.endpoint.id}`.execute(
    database.pool,
  );
  clock.advanceMs(3 * DAY_MS + 1);
  assert.equal((await tidyWebhooks({ clock, database, keepDays: 30, failuresMax: 10 })).givenUp, 2);
  deliver(t);
  await eventually(async () => {
    const states = (await all({ endpointId: fine.endpoint.id })).map(({ state }) => state);
    assert.deepEqual(states, ['delivered', 'delivered']);
  }, PATIENCE);
  const dead = await all({ endpointId: down.endpoint.id });
  assert.deepEqual(
    dead.map(({ reason, state }) => [state, reason]),
    Array(2).fill(['dead', 'receiver_unavailable']),
  );
});

test('a private address is not called, whatever name leads to it, and the log says why', async (t) => {
  const { all, deliver, endpointFor, enqueue, eventOf } = openWebhooks(await testDatabase(t));
  const receiver = await startReceiver(t);
  const { port } = new URL(receiver.url);
  await endpointFor(receiver.url);
  await endpointFor(`http://localhost:${port}/`);
  await enqueue(eventOf());
  deliver(t, { privateRanges: [] });
  await eventually(async () => {
    const reasons = (await all()).map(({ reason }) => reason);
    assert.deepEqual(reasons, ['address_forbidden', 'address_forbidden']);
  }, PATIENCE);
  assert.equal(receiver.heard.length, 0);
});

test('a secret that no longer opens is our trouble: it is tried again, and the others go on', async (t) => {
  const { all, database, deliver, endpointFor, enqueue, eventOf } = openWebhooks(
    await testDatabase(t),
  );
  const receiver = await startReceiver(t);
  const [broken] = [await endpointFor(receiver.url), await endpointFor(receiver.url)];
  await sql`
    update platform.webhook_endpoint e set secrets = o.secrets from platform.webhook_endpoint o
    where e.id = ${broken.endpoint.id} and o.id <> e.id`.execute(database.pool);
  await enqueue(eventOf());
  deliver(t);
  await eventually(async () => {
    const states = (await all()).map(({ reason, state }) => reason ?? state);
    assert.deepEqual(states.toSorted(), ['delivered', 'secret_unreadable']);
  }, PATIENCE);
});

test('deleted, an endpoint hears nothing more; what waited is ended, and old ones are forgotten with their log', async (t) => {
  const { all, clock, database, deliver, endpointFor, enqueue, eventOf, webhooks } = openWebhooks(
    await testDatabase(t),
  );
  const receiver = await startReceiver(t);
  const { ref } = await endpointFor(receiver.url);
  await enqueue(eventOf());
  const deliverer = deliver(t);
  await eventually(async () => assert.equal((await all())[0]?.state, 'delivered'), PATIENCE);
  await deliverer.stop();
  await enqueue(eventOf());
  await webhooks.deleteEndpoint(ref);
  await enqueue(eventOf());
  const tidy = () => tidyWebhooks({ clock, database, keepDays: 30, failuresMax: 10 });
  assert.deepEqual(await tidy(), { givenUp: 0, buried: 1, forgotten: 0 });
  assert.deepEqual(
    (await all()).map(({ reason, state }) => reason ?? state),
    ['endpoint_deleted', 'delivered'],
  );
  clock.advanceMs(31 * DAY_MS);
  assert.deepEqual(await tidy(), { givenUp: 0, buried: 0, forgotten: 2 });
  const { rows } = await sql`select from platform.webhook_attempt`.execute(database.pool);
  assert.equal(rows.length, 0);
});
