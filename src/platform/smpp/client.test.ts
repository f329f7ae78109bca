import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';
import { createTcpProxy, eventually, freePort } from '#testing';
import { Client } from './client.ts';
import type { AnyPdu } from './pdu.ts';
import { accept, accepting, meet, outcomeOf, PATIENCE, scene, untilReady } from './scene.ts';
import { happily, startScriptedPeer } from './scripted-peer.ts';
import type { Session } from './session.ts';
import { STATUSES } from './statuses.ts';

test('an unbind that nobody answers does not hold up the end', async (t) => {
  const scene = await meet(
    t,
    (pdu, peer, heard) => {
      if (pdu.command !== 'unbind') happily()(pdu, peer, heard);
    },
    { responseMs: 200 },
  );
  await untilReady(scene);
  await scene.client.close(0);
  await eventually(() => assert.equal(scene.peer.peers.length, 0), PATIENCE);
  assert.equal(scene.peer.connections(), 1);
});

test('a refused bind is told with its status, and tried again', async (t) => {
  let refusals = 0;
  const scene = await meet(t, (pdu, peer, heard) => {
    if (pdu.command === 'bind_transceiver' && refusals < 2) {
      refusals += 1;
      const refusal = { sequence: pdu.sequence, status: STATUSES.ESME_RINVPASWD };
      // The first of them knows no other word.
      if (refusals === 1) peer.send({ command: 'generic_nack', ...refusal });
      else peer.send({ command: 'bind_transceiver_resp', ...refusal });
    } else happily()(pdu, peer, heard);
  });
  await untilReady(scene);
  assert.deepEqual(
    scene.events.filter(({ event }) => event !== 'ended'),
    [
      ...[0, 1].map(() => ({ event: 'refused', status: STATUSES.ESME_RINVPASWD })),
      { event: 'bound', systemId: 'CENTRE' },
    ],
  );
  assert.equal(scene.client.refusedStatus, undefined);
});

test('a bind that nobody answers is given up', async (t) => {
  const scene = await meet(t, () => {}, { responseMs: 100 });
  await eventually(() => assert.ok(scene.peer.connections() >= 2), PATIENCE);
  assert.equal(outcomeOf(await scene.submit()), 'not_sent no_session');
});

test('at the end what is under way is waited for, what waits is not sent, and the session is unbound', async (t) => {
  const open: (() => void)[] = [];
  const scene = await meet(
    t,
    happily((pdu, peer) => {
      if (pdu.command === 'submit_sm') open.push(() => accept(pdu, peer));
    }),
    { window: 1 },
  );
  await untilReady(scene);
  const first = scene.submit();
  const second = scene.submit();
  await eventually(() => assert.equal(open.length, 1), PATIENCE);
  const closed = scene.client.close(20_000);
  assert.equal(outcomeOf(await second), 'not_sent closing');
  assert.equal(outcomeOf(await scene.submit()), 'not_sent closing');
  open[0]?.();
  assert.equal(outcomeOf(await first), 'status 0');
  await closed;
  assert.equal(scene.peer.heard.at(-1)?.command, 'unbind');
  assert.equal(outcomeOf(await scene.submit()), 'not_sent closing');
});

test('who stops before an answer came is told that it is unknown', async (t) => {
  const scene = await meet(t, happily());
  await untilReady(scene);
  const reply = scene.submit();
  await eventually(() => assert.equal(scene.peer.heard.at(-1)?.command, 'submit_sm'), PATIENCE);
  await scene.client.close(10);
  assert.equal(outcomeOf(await reply), 'unknown connection_ended');
});

test('where nobody listens nothing was sent, and the client comes when somebody does', async (t) => {
  const peer = await startScriptedPeer(t, accepting);
  const proxy = await createTcpProxy({ host: '127.0.0.1', port: peer.port });
  t.after(() => proxy.close());
  await proxy.open();
  const { port } = proxy;
  await proxy.close();
  const met = scene(t, peer, { port });
  await eventually(() => assert.ok(met.events.length > 2), PATIENCE);
  assert.equal(outcomeOf(await met.submit()), 'not_sent no_session');
  await proxy.open();
  await untilReady(met);
  assert.equal(outcomeOf(await met.submit()), 'status 0');
});

test('a network that stands still: what was sent is unknown, and the session ends', async (t) => {
  const peer = await startScriptedPeer(t, accepting);
  const proxy = await createTcpProxy({ host: '127.0.0.1', port: peer.port });
  t.after(() => proxy.close());
  await proxy.open();
  const met = scene(t, peer, { port: proxy.port, responseMs: 300, enquireMs: 100 });
  await untilReady(met);
  proxy.freeze();
  assert.match(outcomeOf(await met.submit()), /^unknown (response_timeout|connection_ended)$/);
  await eventually(() => assert.ok(!met.client.ready), PATIENCE);
});

test('the pauses between two tries grow, and are spread', async (t) => {
  const port = await freePort();
  const pauses: number[] = [];
  const draws = [0, 0, 0, 0, 0.5, 1];
  const client = new Client({
    ...{ host: '127.0.0.1', port, bind: {}, take: () => {} },
    pauses: { firstMs: 8, mostMs: 40, refusedMs: 0 },
    random: () => draws[pauses.length] ?? 0,
    tell: (event) => event.event === 'ended' && pauses.push(event.againMs),
  });
  t.after(() => client.close(0));
  await eventually(() => assert.ok(pauses.length >= 6), PATIENCE);
  assert.deepEqual(pauses.slice(0, 6), [8, 16, 32, 40, 30, 20]);
});

test('answers of a session that has ended go nowhere', async (t) => {
  const sessions: Session[] = [];
  const pdus: AnyPdu[] = [];
  const scene = await meet(t, happily(), {
    take(pdu, session) {
      sessions.push(session);
      pdus.push(pdu);
    },
  });
  await untilReady(scene);
  scene.peer.peers[0]?.send({ command: 'deliver_sm', sequence: 7 });
  await eventually(() => assert.equal(sessions.length, 1), PATIENCE);
  scene.peer.peers[0]?.cut();
  await eventually(() => assert.ok(sessions[0]?.ended), PATIENCE);
  const [pdu] = pdus;
  if (pdu) sessions[0]?.respond(pdu);
  await untilReady(scene);
  assert.ok(!scene.peer.heard.some(({ command }) => command === 'deliver_sm_resp'));
});

test('a port where somebody speaks another language is left alone', async (t) => {
  const socket = connect(await freePort(), '127.0.0.1');
  await once(socket, 'error');
  const scene = await meet(t, (_pdu, peer) => {
    peer.raw(Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'));
    peer.end();
  });
  await eventually(() => assert.ok(scene.peer.connections() >= 3), PATIENCE);
  assert.equal(outcomeOf(await scene.submit()), 'not_sent no_session');
});
