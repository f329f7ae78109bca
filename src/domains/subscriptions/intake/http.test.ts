import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { createApiKey, createKeyring } from '#auth';
import { createHttpServer } from '#http';
import { startProcessingSimulator } from '#simulators/processing';
import { eventually, temporaryFolder, testDatabase } from '#testing';
import { monthly, openIntakeHouse } from './fixture.ts';
import { registerOriginalIntakeRoutes } from './http-original.ts';
import { registerIntakeRoutes } from './http-requests.ts';
import { handsOf, newUser, PATIENCE } from './stage-fixture.ts';

const database = await testDatabase();
const simulator = await startProcessingSimulator({ port: 0, folder: await temporaryFolder() });
const house = await openIntakeHouse({ database, processingUrl: simulator.url });
await database.transaction(async (tx) => {
  await house.cards.addPlan(tx, monthly);
});
const { book, subscriptionsOf } = handsOf(house, simulator.url);
const { clock, intake } = house;
const keyring = createKeyring({ database });
const server = await createHttpServer({ log: house.log, api: { keyring, database, clock } });
const routes = { intake, clock, plans: () => [] };
registerIntakeRoutes(server.app, routes);
registerOriginalIntakeRoutes(server.app, routes);
const { url } = await server.listen(0, '127.0.0.1');
const scopes = ['payments:write', 'payments:read'];
const { text: key } = await createApiKey(database, { name: 'shop', scopes, now: clock.now() });
const { text: reader } = await createApiKey(database, {
  ...{ name: 'reader', scopes: ['payments:read'], now: clock.now() },
});
const workers = [
  ...[intake.saver(), intake.processor(), intake.notifier()],
  ...[house.chargeWorker(), house.cards.worker()],
];
for (const worker of workers) worker.start();
after(async () => {
  await server.close();
  await Promise.all(workers.map((worker) => worker.stop()));
  await house.close();
  await simulator.close();
});

let calls = 0;

interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown> & {
    readonly code?: string;
    readonly errors?: readonly { readonly field: string }[];
  };
}

async function call(
  method: string,
  path: string,
  more: { readonly body?: unknown; readonly once?: string; readonly key?: string } = {},
): Promise<Answer> {
  calls += 1;
  const answer = await fetch(url + path, {
    method,
    headers: {
      authorization: `Bearer ${more.key ?? key}`,
      ...(method === 'POST' && { 'idempotency-key': more.once ?? `call-${calls}` }),
      ...(more.body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(more.body === undefined ? {} : { body: JSON.stringify(more.body) }),
  });
  return { status: answer.status, body: (await answer.json()) as Answer['body'] };
}

const post = (body: unknown, once?: string) =>
  call('POST', '/v1/payment-requests', { body, ...(once === undefined ? {} : { once }) });

const sound = (who = newUser()) => ({
  ...{ ...who, plan: 'month', kind: 'payment' },
  consent: {
    ...{ text: 'Cinema, 199 RUB a month', confirmed_at: clock.now().toISOString() },
    evidence: { session: 'checkout 17' },
  },
});

async function paid(who = newUser()) {
  const { body } = await post(sound(who));
  const path = `/v1/payment-requests/${body.request}`;
  await eventually(
    async () => assert.equal((await call('GET', path)).body.processing_status, 'completed'),
    PATIENCE,
  );
  return { who, shown: (await call('GET', path)).body };
}

test('a request is taken, shown and listed; sent again under its key it is the same', async () => {
  const asked = sound();
  const first = await post(asked, 'the-same');
  assert.equal(first.status, 202);
  assert.deepEqual(await post(asked, 'the-same'), first);
  assert.equal((await post({ ...asked, email: 'a@b.test' }, 'the-same')).status, 422);
  await eventually(async () => {
    const { body } = await call('GET', `/v1/payment-requests?user=${asked.user}`);
    const items = body.items as { request: string; processing_status: string }[];
    assert.deepEqual(
      items.map(({ processing_status: status, request }) => [request, status]),
      [[first.body.request, 'completed']],
    );
  }, PATIENCE);
});

test('a hundred at once with one key are one request', async () => {
  const asked = sound();
  const answers = await Promise.all(Array.from({ length: 100 }, () => post(asked, 'a-hundred')));
  assert.deepEqual(new Set(answers.map(({ body }) => body.request)).size, 1);
});

test('who is subscribed hears so at once, with what he has', async () => {
  const { shown, who } = await paid();
  await eventually(
    async () => assert.deepEqual(await subscriptionsOf(who.msisdn), ['active']),
    PATIENCE,
  );
  const { body, status } = await post(sound(who));
  assert.deepEqual([status, body], [202, { subscribed: true, subscription: shown.subscription }]);
});

test('what can not be asked for is refused, and the field is named', async () => {
  const { consent } = sound();
  const tomorrow = new Date(clock.nowMs() + 86_400_000).toISOString();
  const wrong: readonly [object, string, number][] = [
    [{ user: '' }, 'user', 400],
    [{ user: 'with space' }, 'user', 400],
    [{ user: 'x'.repeat(101) }, 'user', 400],
    [{ msisdn: 'hello' }, 'msisdn', 400],
    [{ msisdn: '12' }, 'msisdn', 400],
    [{ plan: 'none' }, 'plan', 404],
    [{ kind: 'gift' }, 'kind', 400],
    [{ gateway: 'paypal' }, 'gateway', 400],
    [{ email: 'nobody' }, 'email', 400],
    [{ callback: 'ftp://merchant.test' }, 'callback', 400],
    [{ callback: 'nonsense' }, 'callback', 400],
    [{ consent: undefined }, 'consent', 400],
    [{ consent: { ...consent, confirmed_at: tomorrow } }, 'consent.confirmed_at', 400],
    [{ consent: { ...consent, text: '' } }, 'consent.text', 400],
    [{ consent: { ...consent, evidence: {} } }, 'consent.evidence', 400],
    [{ consent: { ...consent, evidence: { x: 'y'.repeat(5000) } } }, 'consent.evidence', 400],
    [{ amount_minor: 1 }, 'amount_minor', 400],
    [{ payment: 'pay_1x1' }, 'payment', 400],
    [{ kind: 'refund', consent: undefined }, 'payment', 400],
    [{ kind: 'refund', consent: undefined, payment: 'nonsense' }, 'payment', 400],
    [{ kind: 'refund', consent: undefined, payment: 'pay_1x1' }, 'payment', 404],
    [{ kind: 'refund', payment: 'pay_1x1' }, 'consent', 400],
    [{ card: '4111111111111111' }, 'card', 400],
  ];
  for (const [change, field, status] of wrong) {
    const answer = await post({ ...sound(), ...change });
    const said = JSON.stringify(answer.body);
    assert.equal(answer.status, status, `${JSON.stringify(change)}: ${said}`);
    assert.ok(
      answer.body.errors?.some((one) => one.field === field),
      `${field} in ${said}`,
    );
  }
});

test('another’s payment is nothing that he can ask back, and his own is given back once', async () => {
  const { shown, who } = await paid();
  const refund = { plan: 'month', kind: 'refund', payment: shown.payment };
  const foreign = await post({ ...newUser(), ...refund });
  assert.deepEqual([foreign.status, foreign.body.code], [422, 'payment_of_another']);
  for (const round of [1, 2]) {
    const { body } = await post({ ...who, ...refund });
    const status = round === 1 ? 'accepted' : 'error';
    await eventually(async () => {
      const seen = (await call('GET', `/v1/payment-requests/${body.request}`)).body;
      assert.deepEqual([seen.processing_status, seen.payment_status], ['completed', status]);
    }, PATIENCE);
  }
  assert.deepEqual(await book(who.msisdn), { debits: [19_900], credits: [19_900] });
});

test('without the key, the scope or the Idempotency-Key nothing is taken', async () => {
  const body = sound();
  assert.equal((await call('POST', '/v1/payment-requests', { body, key: 'kpk_none' })).status, 401);
  assert.equal((await call('POST', '/v1/payment-requests', { body, key: reader })).status, 403);
  const bare = await fetch(`${url}/v1/payment-requests`, {
    ...{ method: 'POST', body: JSON.stringify(body) },
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
  });
  assert.equal(bare.status, 400);
  assert.match(await bare.text(), /idempotency-key/i);
  const huge = await post({ ...body, consent: { ...body.consent, text: 'x'.repeat(20_000) } });
  assert.equal(huge.status, 413);
  assert.equal((await call('GET', '/v1/payment-requests/payreq_1')).status, 404);
  assert.equal((await call('GET', '/v1/payment-requests/sub_1x1')).status, 400);
});

test('the routes of the original answer as they did', async () => {
  const { msisdn, user } = newUser();
  const who = `user_id=${user}&msisdn=${encodeURIComponent(msisdn)}`;
  const pay = `/api/v1/payments/?payment_type=payment&subscription_type=month&${who}`;
  assert.deepEqual((await call('POST', pay)).body, { accepted: true });
  const mine = async () => (await call('GET', `/api/v1/payments/?${who}`)).body;
  await eventually(async () => assert.equal((await mine()).length, 1), PATIENCE);
  assert.deepEqual((await call('POST', pay)).body, { accepted: false });
  const back = `/api/v1/payments/?payment_type=refund&subscription_type=month&${who}`;
  assert.deepEqual((await call('POST', back)).body, { accepted: true });
  await eventually(
    async () => assert.deepEqual(await book(msisdn), { debits: [19_900], credits: [19_900] }),
    PATIENCE,
  );
  const none = `/api/v1/payments/?payment_type=refund&subscription_type=month&user_id=nobody&msisdn=%2B79160000000`;
  assert.equal((await call('POST', none)).status, 400);
});
