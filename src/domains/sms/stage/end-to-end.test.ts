import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, test } from 'node:test';
import { startSmsProviderSimulator } from '#simulators/sms-provider';
import { genericExample } from '#sms/providers';
import { controlsOf } from '#sms/providers/stage';
import { createAccountSenders } from '#sms/sending';
import { incomingSms } from '#sms/topics';
import { createClerk } from '#sms/upkeep';
import { eventually, temporaryFolder } from '#testing';
import { createWebhookDeliverer } from '#webhooks';
import { openSmsService } from './http-fixture.ts';

const PATIENCE = { timeoutMs: 60_000 };
const PASSWORD = 'password-of-the-simulator';
const SECRET = 'secret-of-the-simulator';
const CALLBACK_KEY = 'a-key-that-nobody-knows';

const service = await openSmsService();
const { accounts, bus, call, clock, database, log, metrics, publicUrl, rules, sealer, sms } =
  service;
const { webhooks } = service;

/** A kind of provider with the credentials of the simulator, and what it can. */
interface Kind {
  readonly kind: string;
  readonly contract: 'smsc' | 'sms-aero' | 'sms-ru' | 'exolve' | 'twilio' | 'generic-http';
  readonly settings?: object;
  readonly secrets: object;
  /** What its callback's address needs beside our path. */
  readonly query?: string;
  /** Brings what customers write. */
  readonly says: boolean;
  /** How the fate of a lost answer becomes known. */
  readonly found: 'asked' | 'told' | 'never';
}

const KINDS: readonly Kind[] = [
  {
    ...{ kind: 'smsc', contract: 'smsc', settings: { login: 'kopek' }, says: true },
    ...{ secrets: { password: PASSWORD, callback_secret: SECRET }, found: 'asked' },
  },
  {
    ...{ kind: 'sms_aero', contract: 'sms-aero', settings: { email: 'kopek@example.org' } },
    ...{ secrets: { api_key: 'api-key-of-the-simulator-00' }, says: false, found: 'told' },
  },
  {
    ...{ kind: 'sms_ru', contract: 'sms-ru', says: false, found: 'never' },
    secrets: { api_id: '00000000-0000-0000-0000-000000000000' },
  },
  {
    ...{ kind: 'exolve', contract: 'exolve', query: `?key=${CALLBACK_KEY}`, says: true },
    ...{ secrets: { api_key: PASSWORD, callback_key: CALLBACK_KEY }, found: 'never' },
  },
  {
    ...{ kind: 'twilio', contract: 'twilio', settings: { account_sid: `AC${'0'.repeat(32)}` } },
    ...{ secrets: { auth_token: '0'.repeat(32) }, says: true, found: 'told' },
  },
  {
    ...{ kind: 'generic_http', contract: 'generic-http', settings: genericExample, says: true },
    secrets: { values: { token: PASSWORD }, callback_secret: SECRET },
    found: 'asked',
  },
];

const callbackOf = (name: string, query = '') =>
  `${publicUrl}/v1/sms/providers/${name}/callback${query}`;
const simulator = await startSmsProviderSimulator({
  ...{ port: 0, folder: await temporaryFolder() },
  settings: Object.fromEntries(
    KINDS.map(({ contract, kind, query }) => [
      contract,
      {
        ...{ callbackUrl: callbackOf(kind, query), moUrl: callbackOf(kind, query), repeatMs: 200 },
        // Nothing reaches a handset before the test says so.
        deliverMs: { min: 600_000, max: 600_000 },
      },
    ]),
  ),
});
const controls = controlsOf(simulator.url);

/** Verifies as any receiver would, by the Standard Webhooks, and writes down what it heard. */
interface Told {
  readonly id: string;
  readonly path: string;
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
}
const told: Told[] = [];
/** By the path at which it is told. */
const secrets = new Map<string, string>();
let forged = 0;
const receiver = createServer(async (request, response) => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const body = Buffer.concat(chunks);
  const header = (name: string) => String(request.headers[`webhook-${name}`]);
  const key = Buffer.from(secrets.get(request.url ?? '')?.replace('whsec_', '') ?? '', 'base64');
  const signed = createHmac('sha256', key)
    .update(`${header('id')}.${header('timestamp')}.`)
    .update(body)
    .digest('base64');
  if (!header('signature').split(' ').includes(`v1,${signed}`)) forged += 1;
  const { data, type } = JSON.parse(body.toString());
  told.push({ id: header('id'), path: request.url ?? '', type, data });
  response.writeHead(204).end();
});
await new Promise<void>((done) => receiver.listen(0, '127.0.0.1', done));

const senders = createAccountSenders({ accounts, bus, context: sms.context, log });
const clerk = createClerk({ context: sms.context, providers: senders.providers, intervalMs: 50 });
const deliverer = createWebhookDeliverer({
  ...{ database, clock, log, metrics, sealer, webhooks },
  ...{ privateRanges: ['127.0.0.1'], intervalMs: 25 },
});
after(async () => {
  await clerk.stop();
  await senders.stop();
  await deliverer.stop();
  await simulator.close();
  receiver.close();
  receiver.closeAllConnections();
});

async function must(method: 'POST' | 'PUT', path: string, body: object) {
  const answer = await call(method, path, { body });
  assert.ok(answer.status < 300, `${method} ${path}: ${answer.text}`);
  return answer.body;
}

async function makeAccount(name: string, of: Kind, secrets = of.secrets): Promise<void> {
  const base_url = `${simulator.url}/${of.contract}${of.contract === 'sms-aero' ? '/v2' : ''}`;
  await must('POST', `/v1/sms/providers/${name}`, {
    ...{ kind: of.kind, title: of.kind, requests_per_second: 50, secrets },
    settings: { ...of.settings, base_url, timeout_ms: 20_000 },
  });
  await must('PUT', `/v1/rules/providers/${name}`, { title: of.kind });
}

/** An entity that may send through these providers, best first. */
async function makeEntity(entity: string, ...providers: readonly string[]): Promise<void> {
  await must('PUT', `/v1/rules/entities/${entity}`, { name: entity });
  for (const [rank, provider] of providers.entries())
    await must('PUT', `/v1/rules/entities/${entity}/providers/${provider}`, {
      ...{ senders: [{ sender: 'Kopek' }], rank },
    });
}

const secondOf = (kind: string) => (kind === 'twilio' ? 'generic_http' : 'twilio');
const entityOf = (kind: string) => kind.replace('_', '-');

// All over the API, as whoever runs the house would.
for (const kind of KINDS) {
  await makeAccount(kind.kind, kind);
  await makeEntity(entityOf(kind.kind), kind.kind);
}
for (const { kind } of KINDS) await makeEntity(`${entityOf(kind)}-first`, kind, secondOf(kind));
const origin = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}`;
const endpoint = { url: `${origin}/hook`, event_types: ['*'] };
secrets.set('/hook', (await must('POST', '/v1/webhooks/endpoints', endpoint)).secret);
await Promise.all([accounts.refresh(), rules.refresh()]);
senders.start();
clerk.start();
deliverer.start();

let people = 0;
function aNumber(): string {
  people += 1;
  return `+7916${String(2_000_000 + people)}`;
}

async function send(entity: string, more: object = {}): Promise<{ sms: string; to: string }> {
  const to = aNumber();
  const text = `Your order ${people} is on its way`;
  const body = { entity, class: 'transaction', text, recipient: to, ...more };
  const answer = await must('POST', '/v1/sms', body);
  const [{ sms: id, state }] = answer.messages;
  assert.equal(state, 'queued', JSON.stringify(answer));
  return { sms: id, to };
}

const shown = async (id: string) => (await call('GET', `/v1/sms/${id}`)).body;
const until = (id: string, state: string) =>
  eventually(async () => {
    const { reason, state: now } = await shown(id);
    assert.equal(now, state, reason);
  }, PATIENCE);
const historyOf = async (id: string): Promise<readonly string[]> =>
  (await call('GET', `/v1/sms/${id}/history`)).body.items.map(
    ({ provider = '-', state }: Record<string, string>) => `${state} ${provider}`,
  );

for (const { contract, kind } of KINDS) {
  test(`${kind}: a message goes from the API to a handset once, and its receipts come back to the caller`, async () => {
    const { sms: id, to } = await send(entityOf(kind), { reference: `first of ${kind}` });
    await until(id, 'accepted');
    await controls.settle();
    await until(id, 'delivered');
    assert.equal((await controls.textsOf(to)).length, 1);
    const history = (await historyOf(id)).filter((line) => line !== `sent ${kind}`);
    assert.deepEqual(history, [`queued ${kind}`, `accepted ${kind}`, `delivered ${kind}`]);
    const { provider, provider_message_id, segments } = await shown(id);
    assert.deepEqual([provider, segments], [kind, 1]);
    assert.deepEqual(await controls.idsOf(to), [provider_message_id]);
    const heard = await eventually(() => {
      const ofMessage = told.filter(({ data }) => data.sms === id);
      assert.equal(ofMessage.at(-1)?.type, 'sms.delivered', `${contract} ${JSON.stringify(told)}`);
      return ofMessage;
    }, PATIENCE);
    const whole = (await historyOf(id)).map((line) => `sms.${line.split(' ')[0]}`);
    assert.deepEqual(
      heard.map(({ type }) => type),
      whole,
      'each state, in order',
    );
    assert.equal(new Set(heard.map((one) => one.id)).size, heard.length, 'once by id');
    for (const { data } of heard) assert.equal(data.reference, `first of ${kind}`);
  });
}

for (const { contract, found, kind } of KINDS) {
  test(`${kind}: a lost answer is never sent again, and is ${found} what became of it`, async () => {
    const to = aNumber();
    await controls.befall('cut-after', to, { provider: contract });
    const { sms: id } = await send(`${entityOf(kind)}-first`, { recipient: to });
    await until(id, 'unknown');
    // A while later its provider is asked, where it can be.
    clock.advanceMs(30_000);
    if (found === 'asked') await until(id, 'accepted');
    await controls.settle();
    if (found === 'never') {
      clock.advanceMs(600_000);
      await new Promise((done) => setTimeout(done, 500));
      assert.equal((await shown(id)).state, 'unknown');
    } else await until(id, 'delivered');
    assert.equal((await controls.textsOf(to)).length, 1);
    assert.equal((await shown(id)).attempts, 1);
  });
}

for (const of of KINDS.filter(({ kind }) => kind === 'smsc' || kind === 'exolve')) {
  test(`${of.kind}: where nothing is pushed, its statuses are asked for`, async () => {
    const name = `polled_${of.kind}`;
    const {
      callback_key: _,
      callback_secret: __,
      ...secrets
    } = of.secrets as Record<string, string>;
    await makeAccount(name, of, secrets);
    await makeEntity(entityOf(name), name);
    await Promise.all([accounts.refresh(), rules.refresh()]);
    const { sms: id } = await send(entityOf(name));
    await until(id, 'accepted');
    await controls.settle();
    clock.advanceMs(60_000);
    await until(id, 'delivered');
    assert.equal((await historyOf(id))[0], `queued ${name}`);
  });
}

for (const { contract, kind } of KINDS.filter(({ says }) => says)) {
  test(`${kind}: STOP from a handset reaches the stop list, and whoever keeps its operator's subscriptions`, async () => {
    const heard: string[] = [];
    const consumer = bus.consume(
      { topic: incomingSms('mobilink'), name: 'test' },
      { batchSize: 10 },
      async (_tx, messages) => {
        for (const { payload } of messages) heard.push(`${payload.msisdn} ${payload.text}`);
      },
    );
    const ofOperator = `+92300${String(7_000_000 + people)}`;
    people += 1;
    const foreign = aNumber();
    for (const from of [ofOperator, foreign]) {
      await controls.say(from, { provider: contract, to: '7787', text: 'STOP' });
      await eventually(async () => {
        const { body } = await call(
          'GET',
          `/v1/rules/suppressions?msisdn=${encodeURIComponent(from)}`,
        );
        assert.deepEqual(
          body.items.map(({ list }: { list: string }) => list),
          ['stop'],
        );
      }, PATIENCE);
    }
    await eventually(() => assert.ok(heard.includes(`${ofOperator} STOP`)), PATIENCE);
    assert.ok(!heard.some((line) => line.startsWith(foreign)), 'it is of no operator of ours');
    await consumer.stop();
    const { body } = await call('POST', '/v1/sms', {
      body: { entity: entityOf(kind), class: 'ad', text: 'Buy', recipient: foreign },
    });
    assert.equal(body.messages[0].state, 'rejected');
  });
}

// Last: SMSC.ru says by it that it takes nothing from us for a while.
for (const { contract, kind } of KINDS.toReversed()) {
  test(`${kind}: where it certainly did not send, the next provider does`, async () => {
    const other = secondOf(kind);
    const to = aNumber();
    await controls.befall('temporary', to, { provider: contract });
    const { sms: id } = await send(`${entityOf(kind)}-first`, { recipient: to });
    await until(id, 'accepted');
    await controls.settle();
    await until(id, 'delivered');
    assert.equal((await controls.textsOf(to)).length, 1);
    assert.equal((await shown(id)).provider, other);
    const history = await historyOf(id);
    assert.equal(history[0], `queued ${kind}`);
    assert.equal(history[1], `queued ${other}`);
  });
}

test('whoever uses the sender alone hears of its messages at its own address, and nobody else does', async () => {
  const as = 'sender';
  const wish = { kind: 'callback', url: origin };
  const { body: made } = await call('POST', '/v1/webhooks/endpoints', { as, body: wish });
  secrets.set('/own', made.secret);
  const to = aNumber();
  const handed = { provider: 'generic_http', sender: 'Kopek', text: 'Handed over', recipient: to };
  const { body } = await call('POST', '/v1/sender/messages', {
    ...{ as, body: { ...handed, reference: 'theirs', callback_url: `${origin}/own` } },
  });
  const [{ sms: id }] = body.messages;
  const state = async () => (await call('GET', `/v1/sender/messages/${id}`, { as })).body.state;
  await eventually(async () => assert.equal(await state(), 'accepted'), PATIENCE);
  await controls.settle();
  await eventually(async () => assert.equal(await state(), 'delivered'), PATIENCE);
  assert.deepEqual(await controls.textsOf(to), ['Handed over']);
  const heard = await eventually(() => {
    const own = told.filter(({ data }) => data.sms === id);
    assert.equal(own.at(-1)?.type, 'sms.delivered', JSON.stringify(own));
    return own;
  }, PATIENCE);
  const types = heard.map(({ type }) => type).filter((type) => type !== 'sms.sent');
  assert.deepEqual(types, ['sms.queued', 'sms.accepted', 'sms.delivered']);
  assert.ok(heard.every(({ data, path }) => path === '/own' && data.reference === 'theirs'));
});

test('nothing that a receiver was told was forged', () => {
  assert.ok(told.length > 0);
  assert.equal(forged, 0);
});
