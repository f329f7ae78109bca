import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sql } from '#database';
import { eventually, testDatabase } from '#testing';
import { gatewayKinds } from './account.ts';
import { asCardGateways } from './as-card-gateways.ts';
import {
  accountOf,
  changesOf,
  closed,
  createCopies,
  KEY,
  NEW_KEY,
  startTinyGateway,
} from './fixture.ts';

const database = await testDatabase();
const copies = createCopies(database);
const here = await copies.open();
const elsewhere = await copies.open();
const tiny = await startTinyGateway();
const settings = { base_url: tiny.url, public_id: 'pk_test' };

const order = {} as never;
const keyUsed = async (name: string, at = here) => {
  const { result } = await at.accounts.gatewayOf(name).chargeSaved(order);
  assert.equal(result.outcome, 'accepted');
  return tiny.keys.at(-1);
};
const faultsOf = async (work: Promise<unknown>) => {
  const error = await work.then(
    () => assert.fail('it was taken'),
    (refusal) => refusal,
  );
  return [error.code, ...error.faults.map(({ field }: { field: string }) => field)];
};

test('credentials are kept sealed, and are in no row that can be read, answer or change', async () => {
  const saved = await here.save({ name: 'sealed', settings });
  const { rows } = await sql<{ text: string }>`
    select a::text as text from payments.gateway_account a
    union all select c::text from payments.gateway_account_change c`.execute(database.pool);
  const shown = {
    saved,
    list: await here.accounts.list(),
    find: await here.accounts.find('sealed'),
  };
  const text = JSON.stringify([rows, shown, here.accounts.routable()]);
  assert.ok(!text.includes(KEY), text);
  await elsewhere.accounts.refresh();
  assert.equal(await keyUsed('sealed', elsewhere), KEY, 'another copy can open them');
});

test('a row that was moved to another name does not open', async () => {
  await here.save({ name: 'honest' });
  await sql`insert into payments.gateway_account (name, kind, title, settings, sealed_secrets, requests_per_second,
    created_at, updated_at) select 'thief', kind, title, settings, sealed_secrets, requests_per_second, created_at,
    updated_at from payments.gateway_account where name = 'honest'`.execute(database.pool);
  await here.accounts.refresh();
  assert.throws(() => here.accounts.gatewayOf('thief'), { code: 'seal_broken' });
  await assert.rejects(here.save({ name: 'thief', secrets: undefined }), { code: 'seal_broken' });
  await here.save({ name: 'thief', settings });
  await here.accounts.refresh();
  assert.equal(await keyUsed('thief'), KEY, 'credentials of its own make it whole');
});

test('what was sealed under a lost secret of the house is mended by telling all credentials anew', async () => {
  await here.save({ name: 'orphan', settings });
  const later = await copies.open('the secret of the house after it was lost, long enough');
  assert.throws(() => later.accounts.gatewayOf('orphan'), { code: 'seal_key_unknown' });
  const part = later.save({ name: 'orphan', settings, secrets: { webhook_key: NEW_KEY } });
  assert.deepEqual(await faultsOf(part), ['gateway_account_invalid', 'secrets.key']);
  await later.save({ name: 'orphan', settings });
  await later.accounts.refresh();
  assert.equal(await keyUsed('orphan', later), KEY);
});

test('what is wrong is told with its field, and nothing is stored', async () => {
  const invalid = 'gateway_account_invalid';
  const cases: readonly (readonly [Parameters<typeof accountOf>[0], ...string[]])[] = [
    [{ kind: 'pigeon' as never }, invalid, 'kind'],
    [{ kind: 'constructor' as never }, invalid, 'kind'],
    [{ kind: 'stripe' }, 'gateway_kind_unknown', 'kind'],
    [{ name: 'A' }, invalid, 'name'],
    [{ name: 'endpoints' }, invalid, 'name'],
    [{ title: ' ' }, invalid, 'title'],
    [{ title: 'a\u0000' }, invalid, 'title'],
    [{ title: 'a\ud800' }, invalid, 'title'],
    [{ requestsPerSecond: 0 }, invalid, 'requests_per_second'],
    [{ requestsPerSecond: Number.NaN }, invalid, 'requests_per_second'],
    [{ weight: -1 }, invalid, 'weight'],
    [{ weight: 0.5 }, invalid, 'weight'],
    [{ reserve: 2 ** 31 }, invalid, 'reserve'],
    [{ currencies: [] }, invalid, 'currencies'],
    [{ currencies: ['rub'] }, invalid, 'currencies'],
    [{ brands: ['Visa'] }, invalid, 'brands'],
    [{ amountMinMinor: 5n }, invalid, 'currencies'],
    [{ amountMaxMinor: 5n, currencies: ['RUB', 'USD'] }, invalid, 'currencies'],
    [{ amountMinMinor: -1n, currencies: ['RUB'] }, invalid, 'amount_min_minor'],
    [{ amountMaxMinor: -1n, currencies: ['RUB'] }, invalid, 'amount_max_minor'],
    [
      { amountMinMinor: 6n, amountMaxMinor: 5n, currencies: ['RUB'] },
      ...[invalid, 'amount_max_minor'],
    ],
    [{ settings: {} }, invalid, 'settings.base_url'],
    [{ settings: { ...settings, public_id: '?' } }, invalid, 'settings.public_id'],
    [{ settings: { ...settings, colour: 'red' } }, invalid, 'settings.colour'],
    [{ settings: { ...settings, base_url: 'http://example.org' } }, invalid, 'settings.base_url'],
    [{ secrets: undefined }, invalid, 'secrets.key'],
    [{ secrets: { key: 5 } }, invalid, 'secrets.key'],
    [{ secrets: { key: KEY, other: 'x' } }, invalid, 'secrets.other'],
    [{ ifVersion: 1 }, 'gateway_changed', 'version'],
  ];
  for (const [wrong, code, field] of cases) {
    const found = await faultsOf(here.save({ name: 'refused', settings, ...wrong }));
    assert.equal(found[0], code, JSON.stringify(found));
    assert.ok(found.includes(field), `${field}: ${found}`);
  }
  const names = (await here.accounts.list()).map(({ account }) => account.name);
  assert.ok(!names.includes('refused') && !names.includes('endpoints'));
  assert.deepEqual(await changesOf(database, 'refused'), []);
});

test('every kind that the code knows can be stored, and no other', async () => {
  const insert = (kind: string) =>
    sql`insert into payments.gateway_account (name, kind, title, settings, sealed_secrets, requests_per_second,
      created_at, updated_at) values (${`kind_${kind}`}, ${kind}, '', '{}', '', 1, now(), now())`.execute(
      database.pool,
    );
  for (const kind of gatewayKinds) await insert(kind);
  await assert.rejects(insert('pigeon'), /gateway_account_kind_known/);
  await sql`delete from payments.gateway_account where name like 'kind\\_%'`.execute(database.pool);
  await here.accounts.refresh();
});

test('a secret is rotated alone: those that are left out stay, and the talk is opened anew', async () => {
  const name = 'rotated';
  await here.save({ name, settings, secrets: { key: KEY, webhook_key: 'the first of them' } });
  await here.accounts.refresh();
  const gateway = here.accounts.gatewayOf(name);
  const { chargeSaved } = gateway;
  await here.save({ name, settings, secrets: { key: NEW_KEY } });
  await here.accounts.refresh();
  assert.equal(await keyUsed(name), `${NEW_KEY} the first of them`);
  const closings = () => closed.filter((one) => one === name).length;
  // Two were made to look at what was saved, one is the talk before the change.
  await eventually(() => assert.equal(closings(), 3));
  // Whoever took hold of it before the change speaks with the new credentials.
  assert.equal((await gateway.chargeSaved(order)).result.outcome, 'accepted');
  assert.equal((await chargeSaved(order)).result.outcome, 'accepted');
  assert.deepEqual(tiny.keys.slice(-2), Array(2).fill(`${NEW_KEY} the first of them`));
  assert.equal(closings(), 3);
  await here.save({ name, settings, secrets: undefined, title: 'Another title' });
  await here.accounts.refresh();
  assert.equal(await keyUsed(name), `${NEW_KEY} the first of them`);
  const changes = await changesOf(database, name);
  assert.deepEqual(
    changes.map(({ after, before: was }) => [was?.version ?? 0, after.secrets_changed]),
    [
      [0, ['key', 'webhook_key']],
      [1, ['key']],
      [2, []],
    ],
  );
  assert.equal((await here.accounts.find(name))?.account.title, 'Another title');
});

test('calls that are under way while an account is changed come back, and only then is their talk closed', async () => {
  const name = 'busy';
  await here.save({ name, settings });
  await here.accounts.refresh();
  const gateway = here.accounts.gatewayOf(name);
  const sent = tiny.keys.length;
  tiny.hold();
  const calls = [1, 2, 3].map(() => gateway.chargeSaved(order));
  await eventually(() => assert.equal(tiny.keys.length, sent + 3));
  tiny.hold(false);
  await here.save({ name, settings, secrets: { key: NEW_KEY } });
  await here.accounts.refresh();
  const closings = () => closed.filter((one) => one === name).length;
  assert.equal(await keyUsed(name), NEW_KEY);
  assert.equal(closings(), 2, 'those that were made to look at what was saved');
  tiny.letGo();
  const outcomes = (await Promise.all(calls)).map(({ result }) => result.outcome);
  assert.deepEqual(outcomes, ['accepted', 'accepted', 'accepted']);
  await eventually(() => assert.equal(closings(), 3));
});

test('a change is seen by another copy within a second, without being asked for', async () => {
  await here.save({ name: 'seen', settings });
  await eventually(() => assert.ok(elsewhere.accounts.connection('seen').admits()), {
    timeoutMs: 20_000,
  });
  await here.save({ name: 'seen', settings, enabled: false });
  await eventually(() => assert.ok(!elsewhere.accounts.connection('seen').admits()), {
    timeoutMs: 20_000,
  });
});

test('what an account is with stays: payments rely on it', async () => {
  await here.save({ name: 'fixed' });
  const change = here.save({
    ...{ name: 'fixed', kind: 'processing', settings: { base_url: tiny.url }, secrets: {} },
  });
  assert.deepEqual(await faultsOf(change), ['gateway_kind_fixed', 'kind']);
});

test('switched off it takes no new payment, but gives back and is asked', async () => {
  await here.save({ name: 'retired', settings });
  const disable = () =>
    database.transaction((tx) => here.accounts.disable(tx, 'retired', 'somebody'));
  assert.equal((await disable()).account.enabled, false);
  assert.equal((await disable()).account.version, 2, 'harmless when it is repeated');
  await here.accounts.refresh();
  const connection = here.accounts.connection('retired');
  assert.deepEqual([connection.admits(), connection.isReachable()], [false, true]);
  const routed = here.accounts.routable().find(({ name }) => name === 'retired');
  assert.equal(routed?.enabled, false);
  const gateway = here.accounts.gatewayOf('retired');
  const sent = tiny.keys.length;
  for (const call of [gateway.present, gateway.chargeCryptogram, gateway.chargeSaved]) {
    const { log, result } = await call(order);
    assert.deepEqual([result, log], [{ outcome: 'not_sent', reason: 'account_off' }, []]);
  }
  assert.equal(tiny.keys.length, sent);
  const proof = { transaction: '1', fields: {} };
  for (const answer of [
    await gateway.completeAuthentication(order, proof),
    await gateway.confirm(order),
    await gateway.refund(order),
    await gateway.inquire(order),
  ])
    assert.equal(answer.result.outcome, 'accepted');
  const [, change, ...more] = await changesOf(database, 'retired');
  assert.deepEqual([change?.actor, more], ['somebody', []]);
});

test('what nobody has saved is unknown', async () => {
  const code = { code: 'gateway_unknown' };
  assert.throws(() => here.accounts.gatewayOf('nobody'), code);
  assert.throws(() => here.accounts.connection('nobody'), code);
  assert.equal(await here.accounts.find('nobody'), undefined);
  const disable = database.transaction((tx) => here.accounts.disable(tx, 'nobody', 'somebody'));
  await assert.rejects(disable, code);
});

test('routing is kept as it was told, to the last digit', async () => {
  const routing = {
    ...{ currencies: ['RUB'], amountMinMinor: 1n, amountMaxMinor: 9_007_199_254_740_991n },
    ...{ brands: ['visa', 'mir'], methods: ['saved'] as const, weight: 0, reserve: 7 },
    receipts: { taxSystem: 'usn_income', defaultTax: 'vat20' } as const,
  };
  await here.save({ name: 'routed', ...routing });
  const { secrets: _, ...told } = accountOf({ name: 'routed', ...routing });
  assert.deepEqual((await here.accounts.find('routed'))?.account, { ...told, version: 1 });
  await here.save({ name: 'routed' });
  const { secrets: __, ...bare } = accountOf({ name: 'routed' });
  assert.deepEqual((await here.accounts.find('routed'))?.account, { ...bare, version: 2 });
});

test('what carries payments out sees them as they are now: which there are, their lines, the order of choice', async () => {
  const gateways = asCardGateways(here.accounts);
  const limits = { currencies: ['XTS'], settings };
  await here.save({ name: 'likely', ...limits, weight: 1 });
  await here.save({ name: 'spare', ...limits, weight: 0, reserve: 1 });
  await here.save({ name: 'gone', ...limits, enabled: false });
  await here.accounts.refresh();
  const asked = { amountMinor: 1n, currency: 'XTS', method: 'present', seed: 'pay_1' } as const;
  const choose = () => gateways.choose(asked).filter((name) => /likely|spare|gone/.test(name));
  assert.deepEqual(choose(), ['likely', 'spare']);
  assert.ok(gateways.names().includes('gone'), 'what it took is still heard of');
  assert.equal(gateways.gateway('nobody'), undefined);
  assert.equal(gateways.gateway('gone')?.name, 'gone');
  assert.ok(!('list' in (gateways.gateway('gone') ?? {})), 'what its kind can not it has not');
  const line = gateways.line('likely');
  assert.deepEqual([line.admits(), line.perSecond()], [true, 1000]);
  await here.save({ name: 'likely', ...limits, requestsPerSecond: 7, enabled: false });
  await here.accounts.refresh();
  assert.deepEqual([line.admits(), line.perSecond()], [true, 7], 'refunds go on');
  assert.deepEqual(choose(), ['spare']);
});
