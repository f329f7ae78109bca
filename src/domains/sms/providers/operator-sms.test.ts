import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, test } from 'node:test';
import { createFakeClock } from '#clock';
import { silentLog } from '#log';
import { createMetrics } from '#metrics';
import { createOperators, type Operator } from '#operators';
import { startOperatorSimulator } from '#simulators/operator';
import { smsId } from '#sms/message';
import type { SmsOrder } from '#sms/provider';
import { freePort, temporaryFolder, testDatabase } from '#testing';
import { describeSmsProvider } from './describe-sms-provider.ts';
import type { SmsFate } from './fates.ts';
import { createOperatorLine } from './operator-sms.ts';

const database = await testDatabase();
const operators = await createOperators({ database, log: silentLog(), metrics: createMetrics() });
const simulator = await startOperatorSimulator({
  ...{ port: 0, folder: await temporaryFolder(), moUrl: '' },
});
after(async () => {
  await operators.close();
  await simulator.close();
});

const operator: Operator = {
  name: 'mobilink',
  title: 'Mobilink',
  plan: { countryCode: '92', trunkPrefix: '0', digits: 12, prefixes: ['9230'] },
  msisdnFormat: 'international',
  timeZone: 'Asia/Karachi',
  currency: 'PKR',
  shortCode: '7787',
  baseUrl: simulator.url,
  requestsPerSecond: 2000,
  timeoutMs: 400,
  inquiry: 'none',
  settleMs: 1000,
  refunds: true,
  msisdnHeader: '',
  queryMsisdn: false,
  addressRanges: [],
};

async function change(more: Partial<Operator>): Promise<void> {
  await database.transaction((tx) => operators.save(tx, { ...operator, ...more }));
  await operators.refresh();
}

await change({});
const connection = operators.connection('mobilink');
const current = () => operators.get('mobilink');
const clock = createFakeClock(new Date('2026-11-20T07:00:00Z'));
const line = createOperatorLine({ clock, connection, current });
const { provider } = line;
const SCENARIOS: Readonly<Partial<Record<SmsFate, string>>> = {
  ...{ down: 'down', bad_text: 'refused', cut_before: 'hang-up', hang_before: 'lost-request' },
};
let orders = 0n;

function newOrder(changes: Partial<SmsOrder> = {}): SmsOrder {
  orders += 1n;
  return {
    ...{ sms: smsId(orders), recipient: `+92300${1_000_000n + orders}`, sender: '7787' },
    ...{
      body: 'Your link is ready',
      secret: false,
      attempt: 1,
      priority: 1,
      ...{ validUntil: new Date('2026-11-21') },
      ...changes,
    },
  };
}

/** Answers every message with `status` and `body`, and keeps what it was sent. */
async function scripted(status: number, body: string) {
  const asked: string[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    asked.push(Buffer.concat(chunks).toString());
    response.writeHead(status).end(body);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  after(() => {
    server.close();
    server.closeAllConnections();
  });
  return { asked, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

const broken = await scripted(500, '');

describeSmsProvider({
  ...{ name: 'operator', provider },
  fates: {
    ...{ sent: 'as usual', down: 'as usual', bad_text: 'as usual', cut_before: 'as usual' },
    ...{ hang_before: 'as usual', error_before: 'as usual' },
  },
  async order(fate, changes) {
    await change(fate === 'error_before' ? { baseUrl: broken.url } : {});
    const order = newOrder(changes);
    const name = SCENARIOS[fate];
    if (name !== undefined) {
      await fetch(`${simulator.url}/scenarios`, {
        ...{ method: 'POST', headers: { 'content-type': 'application/json' } },
        body: JSON.stringify({
          ...{ name, msisdn: order.recipient.slice(1), method: 'sms', times: 1 },
        }),
      });
    }
    return order;
  },
  async inbox({ recipient }) {
    const answer = await fetch(`${simulator.url}/messages?msisdn=${recipient.slice(1)}`);
    const { messages } = (await answer.json()) as { messages: { text: string }[] };
    return messages.map(({ text }) => text);
  },
  async unreachable(work) {
    await change({ baseUrl: `http://127.0.0.1:${await freePort()}` });
    await work(provider);
    await change({});
  },
});

test('the number is spelled as the operator wants it, and the message carries our id', async () => {
  const other = await scripted(200, '{"id":"m-1"}');
  await change({ baseUrl: other.url, msisdnFormat: 'national' });
  const order = newOrder({ recipient: '+923009102250', body: 'hello' });
  const { result } = await provider.send(order);
  assert.deepEqual(result, { outcome: 'accepted', providerMessageIds: ['m-1'] });
  assert.deepEqual(JSON.parse(other.asked[0] ?? ''), {
    ...{ id: order.sms, from: '7787', to: '03009102250', text: 'hello' },
  });
});

test('an acceptance that can not be read is still one: the message has left', async () => {
  for (const body of ['', 'OK', '[]', 'null', '{"id":null}', '<html>']) {
    const other = await scripted(200, body);
    await change({ baseUrl: other.url });
    assert.equal((await provider.send(newOrder())).result.outcome, 'accepted', body);
  }
});

test('its id keeps every digit, and what it says back is written down without the text', async () => {
  const body = 'Your code is 481516';
  const answer = `{"id":9007199254740993,"text":"${body}","note":"sent: ${body}"}`;
  const other = await scripted(200, answer);
  await change({ baseUrl: other.url });
  const { log, result } = await provider.send(newOrder({ body, secret: true }));
  assert.deepEqual(result, { outcome: 'accepted', providerMessageIds: ['9007199254740993'] });
  const [entry] = log;
  assert.match(entry?.response ?? '', /9007199254740993/);
  assert.doesNotMatch(JSON.stringify(log), /481516/);
});

test('charging and sending share one rate: a message waits for a grant that a charge may take', async () => {
  await change({ requestsPerSecond: 10 });
  const taken = await Promise.all(Array.from({ length: 3 }, () => connection.take(1)));
  assert.deepEqual(taken, [1, 1, 1]);
  const beganMs = performance.now();
  for (let sent = 0; sent < 4; sent += 1) await line.take(1, AbortSignal.timeout(2000));
  assert.ok(performance.now() - beganMs >= 200);
});
