import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { test } from 'node:test';
import { eventually, type Lifetime } from '#testing';
import { Client, type ClientEvent, type ClientOptions } from './client.ts';
import { type AnyPdu, encodePdu } from './pdu.ts';
import type { Reply } from './request.ts';
import { outcomeOf, PATIENCE } from './scene.ts';
import { type ServerOptions, SmppServer } from './server.ts';
import { STATUSES } from './statuses.ts';

const KEY = Buffer.from('00112233445566778899aabbccddeeff', 'hex');

async function serve(life: Lifetime, options: Partial<ServerOptions> = {}) {
  const taken: AnyPdu[] = [];
  const server = new SmppServer({
    systemId: 'CENTRE',
    authorise: ({ body }) => (body.password === 'right' ? 0 : STATUSES.ESME_RINVPASWD),
    take(pdu, session) {
      taken.push(pdu);
      session.respond(pdu, pdu.command === 'submit_sm' ? { body: { messageId: 'm1' } } : {});
    },
    ...options,
  });
  life.after(() => server.close(0));
  return { server, taken, port: await server.listen(0, '127.0.0.1') };
}

function open(life: Lifetime, port: number, options: Partial<ClientOptions> = {}) {
  const events: ClientEvent[] = [];
  const client = new Client({
    ...{ host: '127.0.0.1', port, bind: { password: 'right' } },
    pauses: { firstMs: 5, mostMs: 20, refusedMs: 5 },
    take: (pdu, session) => session.respond(pdu),
    tell: (event) => events.push(event),
    ...options,
  });
  life.after(() => client.close(0));
  return { client, events };
}

async function untilReady(client: Client): Promise<void> {
  await eventually(() => assert.ok(client.ready), PATIENCE);
}

function submit(client: Client): Promise<Reply> {
  const untilMs = performance.now() + PATIENCE.timeoutMs;
  return new Promise((done) => client.request({ command: 'submit_sm' }, { untilMs, done }));
}

test('a bound client is served, and asked by the server', async (t) => {
  const { port, server, taken } = await serve(t);
  const { client, events } = open(t, port);
  await untilReady(client);
  assert.deepEqual(events, [{ event: 'bound', systemId: 'CENTRE' }]);
  const reply = await submit(client);
  assert.ok(reply.outcome === 'answered' && reply.pdu.command === 'submit_sm_resp');
  assert.equal(reply.pdu.body.messageId, 'm1');
  assert.equal(taken.length, 1);
  const [session] = server.sessions;
  const answer = await new Promise<Reply>((done) => {
    session?.request({ command: 'deliver_sm' }, { untilMs: performance.now() + 20_000, done });
  });
  assert.equal(outcomeOf(answer), 'status 0');
});

test('who does not say the right word is refused, and is no session', async (t) => {
  const { port, server } = await serve(t);
  const { client, events } = open(t, port, { bind: { password: 'wrong' } });
  await eventually(() => assert.ok(events.length >= 4), PATIENCE);
  assert.deepEqual(events[0], { event: 'refused', status: STATUSES.ESME_RINVPASWD });
  assert.equal(client.refusedStatus, STATUSES.ESME_RINVPASWD);
  assert.equal(server.sessions.length, 0);
});

test('nothing is served before the bind, and a second bind is refused', async (t) => {
  const { port, taken } = await serve(t);
  const socket = connect(port, '127.0.0.1');
  t.after(() => socket.destroy());
  let heard = Buffer.alloc(0);
  socket.on('data', (chunk) => {
    heard = Buffer.concat([heard, chunk]);
  });
  socket.write(encodePdu({ command: 'submit_sm', sequence: 1 }));
  const bind = { command: 'bind_transceiver', body: { password: 'right' } } as const;
  socket.write(encodePdu({ ...bind, sequence: 2 }));
  socket.write(encodePdu({ ...bind, sequence: 3 }));
  const statuses = () => {
    const found: [number, number][] = [];
    for (let at = 0; at + 16 <= heard.length; at += heard.readUInt32BE(at))
      found.push([heard.readUInt32BE(at + 12), heard.readUInt32BE(at + 8)]);
    return found;
  };
  await eventually(() => {
    assert.deepEqual(statuses(), [
      [1, STATUSES.ESME_RINVBNDSTS],
      [2, 0],
      [3, STATUSES.ESME_RALYBND],
    ]);
  }, PATIENCE);
  assert.equal(taken.length, 0);
});

test('a connection that is not bound in time ends, and so does one in which nothing comes', async (t) => {
  const { port } = await serve(t, { initMs: 50 });
  const socket = connect(port, '127.0.0.1');
  let ended = false;
  socket.on('close', () => {
    ended = true;
  });
  socket.resume();
  await eventually(() => assert.ok(ended), PATIENCE);
  const quiet = await serve(t, { inactivityMs: 100, enquireMs: 0 });
  const { client, events } = open(t, quiet.port, { enquireMs: 0 });
  await untilReady(client);
  await eventually(() => assert.ok(events.some(({ event }) => event === 'ended')), PATIENCE);
});

test('a server that ends unbinds its sessions after what is under way', async (t) => {
  const { port, server } = await serve(t);
  const { client, events } = open(t, port);
  await untilReady(client);
  await server.close(1000);
  await eventually(() => {
    assert.ok(
      events.some((one) => one.event === 'ended' && one.reason === 'the other side unbound'),
    );
  }, PATIENCE);
});

test('over TLS it is the same', async (t) => {
  // A key that both know stands in for certificates.
  const { port } = await serve(t, { tls: { ciphers: 'PSK', pskCallback: () => KEY } });
  const { client } = open(t, port, {
    tls: {
      ...{ ciphers: 'PSK', checkServerIdentity: () => undefined },
      pskCallback: () => ({ psk: KEY, identity: 'kopek' }),
    },
  });
  await untilReady(client);
  assert.equal(outcomeOf(await submit(client)), 'status 0');
});

test('a client without TLS gets nowhere at a server with it, and says so', async (t) => {
  const { port } = await serve(t, { tls: { ciphers: 'PSK', pskCallback: () => KEY } });
  const { client, events } = open(t, port, { responseMs: 300 });
  await eventually(() => assert.ok(events.some(({ event }) => event === 'ended')), PATIENCE);
  assert.equal(outcomeOf(await submit(client)), 'not_sent no_session');
});
