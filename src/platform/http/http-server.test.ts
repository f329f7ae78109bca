import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { AppError } from '#errors';
import {
  AmountMinor,
  createHttpServer,
  createRateLimiter,
  type HttpServerOptions,
  html,
  isFromTrustedProxy,
  PageQuery,
  sendPage,
  Type,
} from '#http';
import { createLog, silentLog } from '#log';
import { createMetrics } from '#metrics';
import { temporaryFolder } from '#testing';

async function testServer(t: TestContext, more: Partial<HttpServerOptions> = {}) {
  const server = await createHttpServer({ log: silentLog(), ...more });
  t.after(() => server.close());
  return server;
}

const Order = Type.Object({
  amount_minor: AmountMinor,
  lines: Type.Optional(Type.Array(Type.Object({ name: Type.String({ maxLength: 5 }) }))),
  kind: Type.Optional(Type.Union([Type.Literal('daily'), Type.Literal('weekly')])),
  note: Type.Optional(Type.Union([Type.String(), Type.Null()])),
});

async function orderServer(t: TestContext, more: Partial<HttpServerOptions> = {}) {
  const server = await testServer(t, more);
  server.app.post('/orders', { schema: { body: Order } }, async ({ body }) => body);
  return server;
}

function post(payload: string, type = 'application/json') {
  return { method: 'POST', url: '/orders', payload, headers: { 'content-type': type } } as const;
}

test('an error that can be shown becomes a problem by its kind', async (t) => {
  const { app } = await testServer(t);
  app.get('/gone', async () => {
    const faults = [{ field: 'id', message: 'is unknown' }];
    throw new AppError('not_found', 'thing_unknown', 'No such thing.', {
      faults,
      details: { id: 5n },
    });
  });
  const answer = await app.inject({ url: '/gone', headers: { 'x-correlator': 'abc' } });
  assert.equal(answer.statusCode, 404);
  assert.equal(answer.headers['content-type'], 'application/problem+json');
  assert.equal(answer.headers['x-correlator'], 'abc');
  assert.deepEqual(answer.json(), {
    type: 'urn:kopek:problem:thing_unknown',
    title: 'Thing unknown',
    status: 404,
    detail: 'No such thing.',
    code: 'thing_unknown',
    instance: 'abc',
    errors: [{ field: 'id', message: 'is unknown' }],
    details: { id: '5' },
  });
});

test('what nobody wrote for showing is a bare 500, and is logged with its cause but without its URL', async (t) => {
  const file = join(await temporaryFolder(t), 'log');
  const { app } = await testServer(t, { log: createLog({ level: 'info', file }) });
  app.get('/break/:number', async () => {
    throw new Error('secret inside');
  });
  const internal = new AppError('internal', 'ledger_broken', 'secret inside');
  app.get('/break', async () => {
    throw internal;
  });
  for (const url of ['/break/+923009102250?pin=1', '/break']) {
    const answer = await app.inject({ url });
    assert.equal(answer.statusCode, 500);
    assert.equal(answer.json().code, 'internal');
    assert.ok(!answer.body.includes('secret'));
  }
  await new Promise((done) => setTimeout(done, 50));
  const log = await readFile(file, 'utf8');
  assert.match(log, /secret inside/);
  assert.match(log, /"route":"\/break\/:number"/);
  assert.ok(!log.includes('923009102250'));
});

test('a lost database is 503 and hides its details', async (t) => {
  const { app } = await testServer(t);
  app.get('/lost', async () => {
    throw Object.assign(new Error('connect ECONNREFUSED 10.0.0.5'), { code: 'ECONNREFUSED' });
  });
  app.get('/down', async () => {
    throw new AppError('unavailable', 'operator_down', 'The operator is down.', {
      details: { host: 'x' },
    });
  });
  const lost = await app.inject({ url: '/lost' });
  assert.deepEqual([lost.statusCode, lost.json().code], [503, 'unavailable']);
  assert.ok(!lost.body.includes('10.0.0.5'));
  const down = (await app.inject({ url: '/down' })).json();
  assert.deepEqual([down.code, down.details], ['operator_down', undefined]);
});

test('a body that breaks its schema names each field once', async (t) => {
  const { app } = await orderServer(t);
  const cases: readonly [string, readonly (readonly [string, string])[]][] = [
    ['{}', [['amount_minor', 'is required']]],
    ['{"amount_minor":"7"}', [['amount_minor', 'must be an integer']]],
    ['{"amount_minor":1.5}', [['amount_minor', 'must be an integer']]],
    ['{"amount_minor":9007199254740993}', [['amount_minor', 'must be <= 9007199254740991']]],
    ['{"amount_minor":1,"extra":2}', [['extra', 'is not a known field']]],
    [
      '{"amount_minor":1,"lines":[{"name":"a"},{"name":"long name","x":1}]}',
      [
        ['lines.1.x', 'is not a known field'],
        ['lines.1.name', 'must NOT have more than 5 characters'],
      ],
    ],
    ['{"amount_minor":1,"kind":"yearly"}', [['kind', 'must be one of daily, weekly']]],
    ['{"amount_minor":1,"note":5}', [['note', 'must be one of a string, null']]],
    ['5', [['body', 'must be an object']]],
  ];
  for (const [payload, faults] of cases) {
    const answer = await app.inject(post(payload));
    assert.equal(answer.statusCode, 400, payload);
    assert.equal(answer.json().code, 'request_invalid');
    assert.deepEqual(
      answer
        .json()
        .errors.map((fault: { field: string; message: string }) => [fault.field, fault.message]),
      faults,
      payload,
    );
  }
  const good = '{"amount_minor":9007199254740991,"note":null}';
  assert.equal((await app.inject(post(good))).statusCode, 200);
});

test('a query is text: its numbers are read, its defaults are filled, and strangers are let be', async (t) => {
  const { app } = await testServer(t);
  app.get('/list', { schema: { querystring: PageQuery } }, async ({ query }) => query);
  assert.deepEqual((await app.inject('/list?utm=1')).json(), { limit: 50, utm: '1' });
  assert.deepEqual((await app.inject('/list?limit=7')).json(), { limit: 7 });
  for (const limit of ['0', '201', 'x', '1.5', '']) {
    const answer = await app.inject(`/list?limit=${limit}`);
    assert.deepEqual([answer.statusCode, answer.json().errors[0].field], [400, 'limit']);
  }
});

test('bodies that can’t be read are refused, each in its way', async (t) => {
  const { app } = await orderServer(t);
  const cases = [
    [post('{"a":'), 400, 'body_malformed'],
    [post(''), 400, 'body_malformed'],
    [post('{"__proto__":{"x":1}}'), 400, 'body_malformed'],
    [post('<a/>', 'application/xml'), 415, 'media_type_unsupported'],
    [post('amount_minor=5', 'application/x-www-form-urlencoded'), 415, 'media_type_unsupported'],
    [post('x', 'text/plain'), 415, 'media_type_unsupported'],
    [post(`"${'x'.repeat(70_000)}"`), 413, 'body_too_large'],
  ] as const;
  for (const [request, status, code] of cases) {
    const answer = await app.inject(request);
    assert.deepEqual([answer.statusCode, answer.json().code], [status, code]);
    assert.equal(answer.headers['content-type'], 'application/problem+json');
  }
});

test('unknown paths, known paths under another method, and paths that are no URL', async (t) => {
  const { app } = await orderServer(t);
  app.get('/orders/:id', async () => ({}));
  const unknown = await app.inject('/nothing');
  assert.deepEqual([unknown.statusCode, unknown.json().code], [404, 'route_unknown']);
  const method = await app.inject({ method: 'DELETE', url: '/orders/5?x=1' });
  assert.deepEqual([method.statusCode, method.headers.allow], [405, 'GET, HEAD']);
  const broken = await app.inject('/orders/%zz');
  assert.deepEqual([broken.statusCode, broken.json().code], [400, 'url_malformed']);
  const page = await app.inject({ url: '/<nothing>', headers: { accept: 'text/html,*/*' } });
  assert.equal(page.statusCode, 404);
  assert.match(page.headers['content-type'] as string, /text\/html/);
});

test('a trailing slash makes no other address', async (t) => {
  const { app } = await testServer(t);
  app.get('/lp/:campaign', async ({ params }) => params);
  const answer = await app.inject('/lp/cpm.k.ak0/?msisdn=928777777777&aff_sub=a');
  assert.deepEqual(answer.json(), { campaign: 'cpm.k.ak0' });
});

test('routes for people take forms and answer errors as pages with the same status', async (t) => {
  const { app } = await testServer(t);
  const Form = Type.Object({
    msisdn: Type.String({ minLength: 5 }),
    agree: Type.Optional(Type.String()),
  });
  app.post('/lp', { schema: { body: Form }, config: { page: true } }, async ({ body }, reply) =>
    sendPage(reply, { html: html`<p>${body.msisdn} ${body.agree}</p>` }),
  );
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  const form = (payload: string) => app.inject({ method: 'POST', url: '/lp', payload, headers });
  const good = await form('msisdn=%2B92+300&agree=no&agree=%3Cb%3E');
  assert.equal(good.body, '<p>+92 300 &lt;b&gt;</p>');
  assert.equal(good.headers['cache-control'], 'no-store');
  assert.equal(
    good.headers['content-security-policy'],
    "default-src 'none'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
  );
  const bad = await form('msisdn=1');
  assert.equal(bad.statusCode, 400);
  assert.match(bad.headers['content-type'] as string, /text\/html/);
  assert.match(bad.body, /msisdn must NOT have fewer than 5 characters/);
  assert.equal((await form(`msisdn=${'1'.repeat(17_000)}`)).statusCode, 413);
  assert.equal(
    (await form(Array.from({ length: 150 }, (_, at) => `f${at}=1`).join('&'))).statusCode,
    400,
  );
  assert.equal((await form('__proto__=1&msisdn=12345')).statusCode, 200);
});

test('a passed error page is used', async (t) => {
  const { app } = await testServer(t, {
    renderErrorPage: ({ status }) => ({ html: html`ours ${status}` }),
  });
  app.get('/p', { config: { page: true } }, async () => {
    throw new AppError('not_found', 'campaign_unknown', 'No such offer.');
  });
  const answer = await app.inject('/p');
  assert.deepEqual([answer.statusCode, answer.body], [404, 'ours 404']);
});

test('bigints are written as integers with all their digits', async (t) => {
  const { app } = await testServer(t);
  const response = { 200: Type.Object({ amount: Type.Unsafe<bigint>(AmountMinor) }) };
  app.get('/amount', { schema: { response } }, async () => ({ amount: 9007199254740993n }));
  assert.equal((await app.inject('/amount')).body, '{"amount":9007199254740993}');
});

test('a limited request is told when to come again', async (t) => {
  const { app } = await testServer(t);
  const rates = createRateLimiter({ perMinute: 1 });
  app.get('/form', async ({ ip }) => {
    rates.take(ip);
    return {};
  });
  assert.equal((await app.inject('/form')).statusCode, 200);
  const refused = await app.inject('/form');
  assert.equal(refused.statusCode, 429);
  assert.equal(refused.headers['retry-after'], '60');
});

test('a forwarded address is believed from a trusted proxy only', async (t) => {
  const headers = { 'x-forwarded-for': '198.51.100.1, 203.0.113.9' };
  const ask = async (trustedProxies: readonly string[], remoteAddress: string) => {
    const { app } = await testServer(t, { trustedProxies });
    app.get('/who', async (request) => ({ ip: request.ip, trusted: isFromTrustedProxy(request) }));
    return (await app.inject({ url: '/who', headers, remoteAddress })).json();
  };
  assert.deepEqual(await ask([], '10.0.0.1'), { ip: '10.0.0.1', trusted: false });
  assert.deepEqual(await ask(['10.0.0.0/8'], '192.0.2.1'), { ip: '192.0.2.1', trusted: false });
  const forwarded = { ip: '203.0.113.9', trusted: true };
  assert.deepEqual(await ask(['10.0.0.0/8'], '10.0.0.1'), forwarded);
  assert.deepEqual(await ask(['10.0.0.0/8'], '::ffff:10.0.0.1'), forwarded);
  const chain = { ip: '198.51.100.1', trusted: true };
  assert.deepEqual(await ask(['10.0.0.0/8', '203.0.113.9'], '10.0.0.1'), chain);
});

test('alive, ready, and measured', async (t) => {
  const metrics = createMetrics();
  const server = await orderServer(t, { metrics, checks: { database: async () => undefined } });
  const { app } = server;
  assert.deepEqual((await app.inject('/healthz')).json(), { status: 'alive' });
  assert.deepEqual((await app.inject('/readyz')).json(), { status: 'ready' });
  server.addReadyCheck('bus', async () => {
    throw new Error('password=hidden');
  });
  const failing = await app.inject('/readyz');
  assert.deepEqual([failing.statusCode, failing.json().details], [503, { failing: ['bus'] }]);
  assert.ok(!failing.body.includes('hidden'));
  await app.inject(post('{"amount_minor":1}'));
  await app.inject(post('{}'));
  await app.inject({ method: 'HEAD', url: '/healthz' });
  const text = (await app.inject('/metrics')).body;
  assert.match(
    text,
    /kopek_http_request_seconds_count\{method="POST",route="\/orders",status="200"\} 1/,
  );
  assert.match(
    text,
    /kopek_http_request_seconds_count\{method="POST",route="\/orders",status="400"\} 1/,
  );
  assert.match(
    text,
    /kopek_http_request_seconds_count\{method="GET",route="\/healthz",status="200"\} 1/,
  );
  assert.match(
    text,
    /kopek_http_request_seconds_count\{method="HEAD",route="\/healthz",status="200"\} 1/,
  );
});

test('closing answers what is in work on a connection that is kept alive, and ends', async (t) => {
  const server = await testServer(t);
  const entered = Promise.withResolvers<void>();
  const leave = Promise.withResolvers<void>();
  server.app.get('/slow', async () => {
    entered.resolve();
    await leave.promise;
    return { done: true };
  });
  const { url } = await server.listen(0, '127.0.0.1');
  const answer = fetch(`${url}/slow`);
  await entered.promise;
  const startMs = performance.now();
  const closed = server.close();
  setTimeout(() => leave.resolve(), 50);
  assert.deepEqual(await (await answer).json(), { done: true });
  await closed;
  assert.ok(performance.now() - startMs < 2000);
});

test('closing is not held up by a connection that says nothing', async (t) => {
  const server = await testServer(t, { closePatienceMs: 200 });
  const { port } = await server.listen(0, '127.0.0.1');
  const socket = connect(port, '127.0.0.1').on('error', () => {});
  await new Promise((done) => socket.once('connect', done));
  socket.write('GET / HT');
  const startMs = performance.now();
  await server.close();
  assert.ok(performance.now() - startMs < 2000);
});

test('a port that is taken is said to be', async (t) => {
  const { port } = await (await testServer(t)).listen(0, '127.0.0.1');
  await assert.rejects((await testServer(t)).listen(port, '127.0.0.1'), { code: 'port_in_use' });
});

test('what is not HTTP gets a problem too', async (t) => {
  const { port, url } = await (await testServer(t)).listen(0, '127.0.0.1');
  const socket = connect(port, '127.0.0.1');
  socket.write('nonsense\r\n\r\n');
  let text = '';
  for await (const piece of socket) text += piece;
  assert.match(text, /^HTTP\/1.1 400 Bad Request\r\n[\s\S]*"code":"request_malformed"/);
  const large = await fetch(url, { headers: { 'x-large': 'x'.repeat(20_000) } });
  assert.equal(large.status, 431);
});
