import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testDatabase } from '#testing';
import { changesOf, createCopies, KEY, startTinyGateway } from './fixture.ts';

const database = await testDatabase();
const copies = createCopies(database);
const one = await copies.open();
const other = await copies.open();
const WRITERS = 8;

/** Each change tells what the one before it has made. */
async function assertChained(name: string, writes: number): Promise<void> {
  const changes = await changesOf(database, name);
  assert.equal(changes.length, writes);
  for (const [at, { before }] of changes.entries()) {
    assert.equal(before?.title, changes[at - 1]?.after.title, `change ${at}`);
    assert.equal(before?.version ?? 0, at);
  }
  const state = await one.accounts.find(name);
  assert.deepEqual(
    [state?.account.version, state?.account.title],
    [writes, changes.at(-1)?.after.title],
  );
}

test('many who create the same account at once come one after the other, and the changes tell it so', async () => {
  const write = (at: number) =>
    (at % 2 ? one : other).save({ name: 'created', title: `Writer ${at}` }, `writer ${at}`);
  await Promise.all(Array.from({ length: WRITERS }, (_, at) => write(at)));
  await assertChained('created', WRITERS);
});

test('many who change it at once too', async () => {
  await one.save({ name: 'changed', title: 'The first' });
  const write = (at: number) =>
    (at % 2 ? one : other).save({ name: 'changed', title: `Writer ${at}` });
  await Promise.all(Array.from({ length: WRITERS }, (_, at) => write(at)));
  await assertChained('changed', WRITERS + 1);
});

test('of those who change the same version one is heard, and the others are told', async () => {
  await one.save({ name: 'contested' });
  const writes = await Promise.allSettled(
    [one, other, one, other].map((copy, at) =>
      copy.save({ name: 'contested', title: `Writer ${at}`, ifVersion: 1 }),
    ),
  );
  const refused = writes.filter((write) => write.status === 'rejected');
  assert.deepEqual(
    refused.map(({ reason }) => reason.code),
    ['gateway_changed', 'gateway_changed', 'gateway_changed'],
  );
  await assertChained('contested', 2);
});

test('of those who believe that they create it one is right', async () => {
  const writes = await Promise.allSettled(
    [one, other, one].map((copy) => copy.save({ name: 'newborn', ifVersion: 0 })),
  );
  assert.equal(writes.filter(({ status }) => status === 'fulfilled').length, 1);
  await assertChained('newborn', 1);
});

test('two who rotate two secrets at once lose neither', async () => {
  const tiny = await startTinyGateway();
  const account = { name: 'rotated', settings: { base_url: tiny.url, public_id: 'pk_test' } };
  await one.save({ ...account, secrets: { key: KEY, webhook_key: 'former-webhook' } });
  await Promise.all([
    one.save({ ...account, secrets: { key: 'next-key' } }),
    other.save({ ...account, secrets: { webhook_key: 'next-webhook' } }),
  ]);
  const changes = await changesOf(database, 'rotated');
  assert.deepEqual(
    changes
      .slice(1)
      .map(({ after }) => after.secrets_changed)
      .toSorted(),
    [['key'], ['webhook_key']],
  );
  await one.accounts.refresh();
  await one.accounts.gatewayOf('rotated').chargeSaved({} as never);
  assert.equal(tiny.keys.at(-1), 'next-key next-webhook');
  await assertChained('rotated', 3);
});

test('one who disables it while another changes it: both hold, in their order', async () => {
  await one.save({ name: 'retired', title: 'Before' });
  await Promise.all([
    other.save({ name: 'retired', title: 'After', enabled: false }),
    database.transaction((tx) => one.accounts.disable(tx, 'retired', 'somebody')),
  ]);
  const state = await one.accounts.find('retired');
  assert.deepEqual([state?.account.enabled, state?.account.title], [false, 'After']);
});
