import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually, testDatabase } from '#testing';
import { answerWith, openWebhooks, SCOPE, startReceiver } from './fixture.ts';
import { verifySignature } from './index.ts';

const PATIENCE = { timeoutMs: 30_000 };
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

test('an event reaches each endpoint that wants its type, signed, and its own callback; others not', async (t) => {
  const { all, deliver, endpointFor, enqueue, eventOf } = openWebhooks(await testDatabase(t));
  const receiver = await startReceiver(t);
  const made = await Promise.all([
    endpointFor(`${receiver.url}/all`),
    endpointFor(`${receiver.url}/group`, { eventTypes: ['message.*'] }),
    endpointFor(`${receiver.url}/type`, { eventTypes: ['message.delivered', 'other.type'] }),
    endpointFor(`${receiver.url}/other-type`, { eventTypes: ['message.expired'] }),
    endpointFor(`${receiver.url}/other-scope`, { scope: 'somebody' }),
  ]);
  const event = eventOf({
    callbackUrl: `${receiver.url}/callback?message=7`,
    data: { big: 2n ** 60n },
  });
  await enqueue(event);
  deliver(t);
  const paths = ['/all', '/callback?message=7', '/group', '/type'];
  await eventually(
    () => assert.deepEqual(receiver.heard.map(({ path }) => path).toSorted(), paths),
    PATIENCE,
  );
  for (const { body, id, path, signature, timestamp } of receiver.heard) {
    assert.equal(id, event.id);
    assert.equal(
      body,
      '{"type":"message.delivered","timestamp":"2026-03-01T10:00:00.000Z","data":{"big":1152921504606846976}}',
    );
    const secret = made.find(({ endpoint }) => endpoint.url.endsWith(path))?.secret;
    const nowSeconds = Date.now() / 1000;
    if (secret)
      assert.ok(verifySignature({ id, timestamp, body }, { signature, secret, nowSeconds }));
  }
  await eventually(async () => {
    const states = (await all()).map(({ state }) => state);
    assert.deepEqual(states, Array(4).fill('delivered'));
  }, PATIENCE);
});

test('enqueued again an event goes nowhere twice, and rolled back it goes nowhere', async (t) => {
  const { all, database, endpointFor, enqueue, eventOf, webhooks } = openWebhooks(
    await testDatabase(t),
  );
  await endpointFor('https://receiver.test/');
  const event = eventOf({ callbackUrl: 'https://receiver.test/callback' });
  await enqueue(event);
  await enqueue(event, eventOf());
  assert.equal((await all()).length, 3);
  const undone = database.transaction(async (tx) => {
    await webhooks.enqueue(tx, [eventOf()]);
    throw new Error('undone');
  });
  await assert.rejects(undone, /undone/);
  assert.equal((await all()).length, 3);
});

test('callbacks to one origin that is new, enqueued side by side, share one endpoint', async (t) => {
  const { enqueue, eventOf, webhooks } = openWebhooks(await testDatabase(t));
  const origins = ['https://a.test', 'https://b.test', 'https://c.test'];
  await Promise.all(
    Array.from({ length: 12 }, (_, at) =>
      enqueue(
        ...origins.map((_, by) => eventOf({ callbackUrl: `${origins[(at + by) % 3]}/${at}` })),
      ),
    ),
  );
  const endpoints = await webhooks.endpoints({ scope: SCOPE, limit: 100 });
  assert.deepEqual(
    endpoints.map(({ kind, url }) => [kind, url]).toSorted(),
    origins.map((url) => ['callback', url]),
  );
});

test('of one key the next goes out only after the one before, of other keys at once', async (t) => {
  const { clock, deliver, endpointFor, enqueue, eventOf } = openWebhooks(await testDatabase(t));
  const receiver = await startReceiver(t);
  await endpointFor(receiver.url);
  let isDown = true;
  receiver.answer = ({ body }, response) => {
    answerWith(isDown && body.includes('"a1"') ? 500 : 200)({} as never, response);
  };
  const named = (name: string, key: string) => eventOf({ key, data: name });
  await enqueue(
    named('a1', 'a'),
    named('a2', 'a'),
    named('b1', 'b'),
    named('a3', 'a'),
    named('b2', 'b'),
  );
  deliver(t);
  const names = () => receiver.heard.map(({ body }) => JSON.parse(body).data as string);
  await eventually(() => assert.deepEqual(names().toSorted(), ['a1', 'b1', 'b2']), PATIENCE);
  isDown = false;
  clock.advanceMs(MINUTE_MS);
  await eventually(() => assert.deepEqual(names().slice(-3), ['a1', 'a2', 'a3']), PATIENCE);
  assert.equal(names().length, 6);
});

test('what fails is tried again later and later for three days, and then is dead, and what waits behind it goes on', async (t) => {
  const { all, clock, deliver, endpointFor, enqueue, eventOf, webhooks } = openWebhooks(
    await testDatabase(t),
  );
  const receiver = await startReceiver(t);
  const { ref } = await endpointFor(receiver.url);
  receiver.answer = ({ body }, response) =>
    answerWith(body.includes('"first"') ? 404 : 200, {}, 'no\0 such thing')({} as never, response);
  await enqueue(eventOf({ key: 'k', data: 'first' }), eventOf({ key: 'k', data: 'second' }));
  deliver(t);
  const beganMs = clock.nowMs();
  const gapsMs: number[] = [];
  for (let attempts = 1; ; attempts += 1) {
    const [, first] = await eventually(async () => {
      const found = await all();
      assert.ok(found[1]?.state === 'dead' || found[1]?.attempts === attempts);
      assert.ok(found[1].state === 'dead' || Number(found[1].nextAttemptAt) > clock.nowMs());
      return found;
    }, PATIENCE);
    if (first?.state === 'dead') break;
    const next = first?.nextAttemptAt ?? clock.now();
    gapsMs.push(next.getTime() - clock.nowMs());
    clock.set(next);
  }
  assert.equal(clock.nowMs() - beganMs, 3 * DAY_MS);
  assert.ok(gapsMs.length >= 12 && gapsMs.length <= 20, `${gapsMs.length} retries`);
  assert.ok((gapsMs[0] ?? 0) >= 4500 && (gapsMs[0] ?? 0) <= 5500);
  assert.ok(gapsMs.slice(0, -2).every((gap, at) => gap < (gapsMs[at + 1] ?? 0) * 1.3));
  await eventually(() => assert.ok(receiver.heard.at(-1)?.body.includes('"second"')), PATIENCE);
  const [, dead] = await all();
  const shown = await webhooks.delivery({ scope: ref.scope, id: dead?.id ?? 0n });
  assert.equal(shown.reason, 'status_404');
  assert.equal(shown.log.length, gapsMs.length + 1);
  const [last] = shown.log;
  assert.deepEqual(
    [last?.status, last?.outcome, last?.response],
    [404, 'status_404', 'no such thing'],
  );
  assert.ok(
    receiver.heard.every(({ id }, at) => at === receiver.heard.length - 1 || id === shown.eventId),
  );
});

test('410 disables the endpoint; what waits goes on when it is enabled, and nothing new is kept meanwhile', async (t) => {
  const { all, deliver, endpointFor, enqueue, eventOf, webhooks } = openWebhooks(
    await testDatabase(t),
  );
  const receiver = await startReceiver(t);
  const { ref } = await endpointFor(receiver.url);
  receiver.answer = answerWith(410);
  await enqueue(eventOf({ key: 'k' }), eventOf({ key: 'k' }));
  deliver(t);
  await eventually(async () => {
    const { disabledReason, enabled } = await webhooks.endpoint(ref);
    assert.deepEqual([enabled, disabledReason], [false, 'gone']);
  }, PATIENCE);
  await enqueue(eventOf());
  assert.deepEqual(
    (await all()).map(({ state }) => state),
    ['waiting', 'dead'],
  );
  assert.equal(receiver.heard.length, 1);
  receiver.answer = answerWith(200);
  await webhooks.changeEndpoint(ref, { enabled: true });
  await eventually(() => assert.equal(receiver.heard.length, 2), PATIENCE);
});

test('410 for one message’s callback ends that one only', async (t) => {
  const { all, deliver, enqueue, eventOf } = openWebhooks(await testDatabase(t));
  const receiver = await startReceiver(t);
  receiver.answer = ({ path }, response) =>
    answerWith(path === '/1' ? 410 : 200)({} as never, response);
  await enqueue(eventOf({ callbackUrl: `${receiver.url}/1` }));
  deliver(t);
  await eventually(async () => assert.equal((await all())[0]?.state, 'dead'), PATIENCE);
  await enqueue(eventOf({ callbackUrl: `${receiver.url}/2` }));
  await eventually(async () => assert.equal((await all())[0]?.state, 'delivered'), PATIENCE);
});

test('a redirect is a failure and is not followed', async (t) => {
  const { all, deliver, endpointFor, enqueue, eventOf } = openWebhooks(await testDatabase(t));
  const [receiver, elsewhere] = [await startReceiver(t), await startReceiver(t)];
  receiver.answer = answerWith(307, { location: elsewhere.url });
  await endpointFor(receiver.url);
  await enqueue(eventOf());
  deliver(t);
  await eventually(async () => assert.equal((await all())[0]?.reason, 'status_307'), PATIENCE);
  assert.equal(elsewhere.heard.length, 0);
});

test('a receiver that asks for patience gets it', async (t) => {
  const { all, clock, deliver, endpointFor, enqueue, eventOf } = openWebhooks(
    await testDatabase(t),
  );
  const receiver = await startReceiver(t);
  receiver.answer = answerWith(429, { 'retry-after': '3600' });
  await endpointFor(receiver.url);
  await enqueue(eventOf());
  deliver(t);
  await eventually(async () => {
    const [one] = await all();
    assert.equal(Number(one?.nextAttemptAt), clock.nowMs() + 60 * MINUTE_MS);
  }, PATIENCE);
});
