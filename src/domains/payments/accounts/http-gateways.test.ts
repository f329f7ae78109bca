import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { createApiKey, createKeyring } from '#auth';
import { sql } from '#database';
import { createHttpServer } from '#http';
import { createLog } from '#log';
import { temporaryFolder, testDatabase } from '#testing';
import { changesOf, createCopies, KEY, NEW_KEY } from './fixture.ts';
import { registerGatewayRoutes } from './http-gateways.ts';

const database = await testDatabase();
const copies = createCopies(database);
const { accounts } = await copies.open();
const { clock } = copies;
const logFile = join(await temporaryFolder(), 'log');
const log = createLog({ level: 'trace', file: logFile });
const keyring = createKeyring({ database });
const server = await createHttpServer({
  ...{ log, api: { keyring, database, clock } },
  reference: { title: 'Kopek', version: '1' },
});
registerGatewayRoutes(server.app, {
  declare: async () => {},
  ...{ accounts, database, publicUrl: 'https://kopek.example' },
  operators: { all: () => [{ name: 'mobilink' }] as never },
});
after(() => server.close());
const make = (name: string, scopes: string[]) =>
  createApiKey(database, { name, scopes, now: clock.now() }).then(({ text }) => text);
const admin = await make('the admin', ['payments:admin']);
const reader = await make('a reader', ['payments:read', 'payments:refund']);

type Method = 'GET' | 'PUT' | 'DELETE';

async function call(method: Method, path: string, body?: unknown, key: string | null = admin) {
  const answer = await server.app.inject({
    ...{ method, url: `/v1/gateways${path}` },
    ...(body === undefined ? {} : { payload: JSON.stringify(body) }),
    headers: {
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(key === null ? {} : { authorization: `Bearer ${key}` }),
    },
  });
  return { status: answer.statusCode, text: answer.body, body: answer.json() };
}

const whole = (more: object = {}) => ({
  ...{ kind: 'cloudpayments', title: 'Main', requests_per_second: 30, weight: 70 },
  settings: { base_url: 'http://127.0.0.1:1', public_id: 'pk_test', widget: 'start' },
  ...{ secrets: { key: KEY }, ...more },
});

const RECEIPTS = { tax_system: 'usn_income', default_tax: 'vat20' };

const assertHides = (text: string) => {
  for (const secret of [KEY, NEW_KEY]) assert.ok(!text.includes(secret), text);
};

test('an account is put, shown, listed and put again; whoever changed it is written down', async () => {
  const routing = {
    ...{ currencies: ['RUB'], amount_min_minor: 100, amount_max_minor: 9_007_199_254_740_991 },
    ...{ brands: ['visa', 'mir'], methods: ['present', 'saved'], reserve: 1 },
    receipts: RECEIPTS,
  };
  const put = await call('PUT', '/shop', whole(routing));
  const { secrets: _, ...told } = whole(routing);
  const shown = {
    ...{ ...told, name: 'shop', enabled: true, version: 1, is_open: false },
    webhook_url: 'https://kopek.example/v1/webhooks/shop',
  };
  assert.deepEqual([put.status, put.body], [200, shown], put.text);
  assert.deepEqual((await call('GET', '/shop')).body, shown);
  assert.deepEqual((await call('GET', '')).body, { items: [shown] });
  const again = await call('PUT', '/shop', whole({ title: 'Again', secrets: undefined }));
  const { receipts, brands } = again.body;
  assert.deepEqual([again.body.version, receipts, brands], [2, undefined, undefined]);
  const changes = await changesOf(database, 'shop');
  assert.deepEqual(
    changes.map(({ actor, after: became }) => [actor, became.title, became.secrets_changed]),
    [
      ['the admin', 'Main', ['key']],
      ['the admin', 'Again', []],
    ],
  );
});

test('taking it out of use leaves it there, switched off', async () => {
  await call('PUT', '/retired', whole());
  const { body, status } = await call('DELETE', '/retired');
  assert.deepEqual([status, body.enabled, body.version], [200, false, 2]);
  assert.deepEqual((await call('DELETE', '/retired')).body, body);
  assert.deepEqual((await call('GET', '/retired')).body, body);
  assert.equal((await call('PUT', '/retired', whole({ enabled: true }))).body.enabled, true);
});

test('what is wrong is told with its field, and changes nothing', async () => {
  await call('PUT', '/there', whole());
  const before = (await call('GET', '')).text;
  const settings = (more: object) => whole({ settings: { ...whole().settings, ...more } });
  const NUL = 'a\u0000';
  const cases: readonly (readonly [string, unknown, number, string])[] = [
    ['new', whole({ kind: 'pigeon' }), 400, 'kind'],
    ['new', whole({ kind: 'constructor' }), 400, 'kind'],
    ['new', whole({ kind: 'stripe' }), 400, 'kind'],
    ['new', whole({ kind: undefined }), 400, 'kind'],
    ['new', whole({ kind: 7 }), 400, 'kind'],
    ['new', whole({ title: '' }), 400, 'title'],
    ['new', whole({ title: NUL }), 400, 'title'],
    ['new', whole({ title: 'a\ud800' }), 400, 'title'],
    ['new', whole({ enabled: 'yes' }), 400, 'enabled'],
    ['new', whole({ colour: 'red' }), 400, 'colour'],
    ['new', whole({ settings: undefined }), 400, 'settings'],
    ['new', whole({ settings: {} }), 400, 'settings.base_url'],
    ['new', whole({ settings: [] }), 400, 'settings'],
    ['new', settings({ public_id: 5 }), 400, 'settings.public_id'],
    ['new', settings({ public_id: NUL }), 400, 'settings.public_id'],
    ['new', settings({ widget: 'other' }), 400, 'settings.widget'],
    ['new', settings({ colour: 'red' }), 400, 'settings.colour'],
    ['new', settings({ base_url: 'https://example.org' }), 400, 'settings.base_url'],
    ['new', whole({ secrets: undefined }), 400, 'secrets.key'],
    ['new', whole({ secrets: {} }), 400, 'secrets.key'],
    ['new', whole({ secrets: KEY }), 400, 'secrets'],
    ['new', whole({ secrets: { key: `${KEY}\u0000` } }), 400, 'secrets.key'],
    ['new', whole({ secrets: { key: KEY, other: NEW_KEY } }), 400, 'secrets.other'],
    ['new', whole({ requests_per_second: 0 }), 400, 'requests_per_second'],
    ['new', whole({ requests_per_second: 1e9 }), 400, 'requests_per_second'],
    ['new', whole({ requests_per_second: '5' }), 400, 'requests_per_second'],
    ['new', whole({ weight: undefined }), 400, 'weight'],
    ['new', whole({ weight: -1 }), 400, 'weight'],
    ['new', whole({ weight: 0.5 }), 400, 'weight'],
    ['new', whole({ weight: 2 ** 31 }), 400, 'weight'],
    ['new', whole({ reserve: -1 }), 400, 'reserve'],
    ['new', whole({ currencies: [] }), 400, 'currencies'],
    ['new', whole({ currencies: ['rub'] }), 400, 'currencies.0'],
    ['new', whole({ currencies: ['RUB', 'RUB'] }), 400, 'currencies'],
    ['new', whole({ currencies: Array(201).fill('RUB') }), 400, 'currencies'],
    ['new', whole({ brands: ['VISA'] }), 400, 'brands.0'],
    ['new', whole({ methods: ['cash'] }), 400, 'methods.0'],
    ['new', whole({ amount_min_minor: 1 }), 400, 'currencies'],
    ['new', whole({ amount_min_minor: 1.5 }), 400, 'amount_min_minor'],
    ['new', whole({ amount_max_minor: 2 ** 53 }), 400, 'amount_max_minor'],
    [
      'new',
      whole({ currencies: ['RUB'], amount_min_minor: 2, amount_max_minor: 1 }),
      ...([400, 'amount_max_minor'] as const),
    ],
    ['new', whole({ receipts: { ...RECEIPTS, tax_system: 'none' } }), 400, 'receipts.tax_system'],
    ['new', whole({ receipts: { ...RECEIPTS, default_tax: 'much' } }), 400, 'receipts.default_tax'],
    ['new', whole({ receipts: { tax_system: 'osn' } }), 400, 'receipts.default_tax'],
    ['new', whole({ receipts: { default_tax: 'none' } }), 400, 'receipts.tax_system'],
    ['new', whole({ receipts: {} }), 400, 'receipts.tax_system'],
    [
      'new',
      whole({
        ...{ kind: 'processing', settings: { base_url: 'http://127.0.0.1:1' }, secrets: {} },
        receipts: RECEIPTS,
      }),
      ...([400, 'receipts'] as const),
    ],
    ['new', whole({ version: 1 }), 409, 'version'],
    ['new', [], 400, 'body'],
    ['New', whole(), 400, 'name'],
    ['n', whole(), 400, 'name'],
    [`n${'a'.repeat(31)}`, whole(), 400, 'name'],
    ['deliveries', whole(), 400, 'name'],
    ['mobilink', whole(), 409, 'name'],
    ['there', whole({ version: 7 }), 409, 'version'],
    [
      'there',
      whole({ kind: 'processing', settings: { base_url: 'http://127.0.0.1:1' }, secrets: {} }),
      ...([409, 'kind'] as const),
    ],
  ];
  for (const [name, body, status, field] of cases) {
    const answer = await call('PUT', `/${name}`, body);
    const shown = `${name} ${JSON.stringify(body)}: ${answer.text}`;
    assert.equal(answer.status, status, shown);
    assert.ok(
      answer.body.errors.some((fault: { field: string }) => fault.field === field),
      shown,
    );
    assertHides(answer.text);
  }
  assert.equal((await call('GET', '')).text, before);
  for (const method of ['GET', 'DELETE'] as const) {
    const { body, status } = await call(method, '/nobody');
    assert.deepEqual([status, body.code], [404, 'gateway_unknown']);
  }
});

test('a body that is too large or no JSON is refused before anything is read of it', async () => {
  const huge = await call('PUT', '/new', whole({ title: 'x'.repeat(5_000_000) }));
  assert.equal(huge.status, 413);
  const broken = await server.app.inject({
    ...{ method: 'PUT', url: '/v1/gateways/new', payload: `{"kind":"${KEY}` },
    headers: { authorization: `Bearer ${admin}`, 'content-type': 'application/json' },
  });
  assert.equal(broken.statusCode, 400);
  assertHides(broken.body);
});

test('without the scope nothing is shown or changed', async () => {
  for (const [key, status] of [
    [reader, 403],
    [null, 401],
  ] as const) {
    assert.equal((await call('GET', '', undefined, key)).status, status);
    assert.equal((await call('GET', '/there', undefined, key)).status, status);
    assert.equal((await call('PUT', '/there', whole(), key)).status, status);
    assert.equal((await call('DELETE', '/there', undefined, key)).status, status);
  }
  assert.equal((await call('GET', '/there')).body.enabled, true);
});

test('credentials are in no answer, no row but sealed, and no line of the log', async () => {
  await call('PUT', '/secret', whole());
  await call('PUT', '/secret', whole({ secrets: { key: NEW_KEY } }));
  await call('PUT', '/secret', whole({ kind: 'pigeon' }));
  await call('PUT', '/secret', whole({ settings: 5 }));
  await call('DELETE', '/secret');
  for (const path of ['', '/secret']) assertHides((await call('GET', path)).text);
  const { rows } = await sql<{ text: string }>`
    select a::text as text from payments.gateway_account a
    union all select c::text from payments.gateway_account_change c`.execute(database.pool);
  assert.ok(rows.length > 3);
  for (const { text } of rows) assertHides(text);
  await new Promise<void>((done) => log.flush(() => done()));
  const logged = await readFile(logFile, 'utf8');
  assert.match(logged, /request refused/);
  assertHides(logged);
});

test('an account whose breaker is open says so, and why', async () => {
  await call('PUT', '/ill', whole());
  await sql`update payments.gateway_account set open_until = clock_timestamp() + interval '1 hour',
    closed_reason = 'timeout' where name = 'ill'`.execute(database.pool);
  const { body } = await call('GET', '/ill');
  assert.deepEqual([body.is_open, body.closed_reason], [true, 'timeout']);
  const mended = (await call('PUT', '/ill', whole())).body;
  assert.deepEqual([mended.is_open, mended.closed_reason], [false, undefined]);
});

interface Shape {
  readonly properties: object;
  readonly required?: readonly string[];
}

interface Branch {
  readonly properties: {
    readonly kind: { readonly enum: readonly string[] };
    readonly settings: Shape;
    readonly secrets: Shape;
  };
}

test('the shapes of settings and secrets stand in the reference, for each kind', async () => {
  const { body } = await server.app
    .inject({ method: 'GET', url: '/openapi.json' })
    .then((answer) => ({ body: answer.json() }));
  const put = body.paths['/v1/gateways/{name}'].put;
  const kinds = put.requestBody.content['application/json'].schema.anyOf;
  const shapes = (kinds as readonly Branch[]).map(({ properties: { kind, secrets, settings } }) => [
    kind.enum,
    Object.keys(settings.properties),
    Object.keys(secrets.properties),
    secrets.required,
  ]);
  assert.deepEqual(shapes, [
    [['cloudpayments'], ['base_url', 'public_id', 'widget'], ['key', 'webhook_key'], undefined],
    [['processing'], ['base_url'], [], undefined],
  ]);
});
