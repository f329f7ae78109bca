import assert from 'node:assert/strict';
import { createServer, type RequestListener } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { type TestContext, test } from 'node:test';
import { freePort } from '#testing';
import { type CallRequest, createCaller } from './caller.ts';

async function serve(t: TestContext, answer: RequestListener): Promise<string> {
  const server = createServer(answer);
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function open(t: TestContext, connections = 4) {
  const caller = createCaller({ connections, connectTimeoutMs: 2000, answerBytesMax: 1000 });
  t.after(() => caller.close());
  return caller;
}

const REQUEST: CallRequest = { method: 'POST', path: '/x', body: 'hello', timeoutMs: 10_000 };

test('an answer comes whole, with its status and its headers in lower case', async (t) => {
  const asked: string[] = [];
  const origin = await serve(t, async (request, response) => {
    for await (const chunk of request) asked.push(`${request.method} ${request.url} ${chunk}`);
    response.writeHead(429, { 'Retry-After': '7' });
    response.write('one ');
    response.end('two');
  });
  const exchange = await open(t).call(origin, REQUEST);
  assert.ok(exchange.outcome === 'answered');
  assert.deepEqual(
    [exchange.status, exchange.headers['retry-after'], exchange.body],
    [429, '7', 'one two'],
  );
  assert.deepEqual(asked, ['POST /x hello']);
});

test('where nobody listens nothing was sent', async (t) => {
  const exchange = await open(t).call(`http://127.0.0.1:${await freePort()}`, REQUEST);
  assert.deepEqual(
    [exchange.outcome, exchange.outcome === 'not_sent' && exchange.reason],
    ['not_sent', 'ECONNREFUSED'],
  );
});

test('a connection that is refused its certificate has sent nothing', async (t) => {
  const origin = await serve(t, (_request, response) => response.end('plain'));
  const exchange = await open(t).call(origin.replace('http:', 'https:'), REQUEST);
  assert.equal(exchange.outcome, 'not_sent');
});

test('a cut connection leaves the outcome unknown, and nothing is sent again', async (t) => {
  let asked = 0;
  const origin = await serve(t, (request) => {
    asked += 1;
    request.socket.destroy();
  });
  assert.equal((await open(t).call(origin, REQUEST)).outcome, 'unknown');
  assert.equal(asked, 1);
});

test('an answer that breaks off is unknown', async (t) => {
  const origin = await serve(t, (_request, response) => {
    response.writeHead(200, { 'content-length': '100' });
    response.write('half', () => response.socket?.destroy());
  });
  assert.equal((await open(t).call(origin, REQUEST)).outcome, 'unknown');
});

test('an answer that trickles without end is given up after its whole time, not after each piece', async (t) => {
  const origin = await serve(t, (_request, response) => {
    const timer = setInterval(() => response.write('.'), 20);
    response.on('close', () => clearInterval(timer));
  });
  const exchange = await open(t).call(origin, { ...REQUEST, timeoutMs: 300 });
  assert.deepEqual(
    [exchange.outcome, exchange.outcome === 'unknown' && exchange.reason],
    ['unknown', 'timeout'],
  );
});

test('an answer larger than the limit is unknown and takes no memory', async (t) => {
  const origin = await serve(t, (_request, response) => response.end('x'.repeat(5000)));
  assert.equal((await open(t).call(origin, REQUEST)).outcome, 'unknown');
});

test('what still waits for a connection when its time is up is never sent', async (t) => {
  const bodies: string[] = [];
  let free = () => {};
  const origin = await serve(t, async (request, response) => {
    for await (const chunk of request) bodies.push(String(chunk));
    if (bodies.length === 1) {
      await new Promise<void>((done) => {
        free = done;
      });
    }
    response.end('ok');
  });
  const caller = open(t, 1);
  const first = caller.call(origin, { ...REQUEST, body: 'first' });
  const second = await caller.call(origin, { ...REQUEST, body: 'second', timeoutMs: 300 });
  assert.deepEqual(
    [second.outcome, second.outcome === 'not_sent' && second.reason],
    ['not_sent', 'no_connection'],
  );
  free();
  assert.equal((await first).outcome, 'answered');
  assert.equal((await caller.call(origin, { ...REQUEST, body: 'third' })).outcome, 'answered');
  assert.deepEqual(bodies, ['first', 'third']);
});

test('a request that can not be written at all was not sent', async (t) => {
  const origin = await serve(t, (_request, response) => response.end());
  const bad = { ...REQUEST, headers: { authorization: 'two\r\nlines' } };
  assert.equal((await open(t).call(origin, bad)).outcome, 'not_sent');
});

test('a peer that accepts connections and says nothing leaves the outcome unknown', async (t) => {
  const server = createTcpServer(() => {});
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  const caller = open(t);
  const exchange = await caller.call(`http://127.0.0.1:${port}`, { ...REQUEST, timeoutMs: 300 });
  assert.equal(exchange.outcome, 'unknown');
  await caller.close();
});
