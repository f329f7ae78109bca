import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createApiKey, createKeyring, requireScope, revokeApiKey } from '#auth';
import { type Database, sql } from '#database';
import { testDatabase } from '#testing';

const database = await testDatabase();
const now = new Date('2026-03-01T10:00:00Z');

test('a key opens what it was made for, and its text is not stored', async () => {
  const key = await createApiKey(database, { name: 'shop', scopes: ['timeline:read'], now });
  assert.match(key.text, /^kpk_[0-9A-Za-z]{32}$/);
  const principal = await createKeyring({ database }).authenticate(`Bearer ${key.text}`);
  assert.deepEqual(principal, { id: key.id, name: 'shop', scopes: ['timeline:read'] });
  requireScope(principal, 'timeline:read');
  const { rows } = await sql<{ line: string }>`
    select row_to_json(k)::text as line from platform.api_key k`.execute(database.pool);
  assert.ok(rows.every(({ line }) => !line.includes(key.text.slice(4))));
});

test('a scope that the key does not grant is refused by its name', async () => {
  const principal = { id: 'key_1', name: 'shop', scopes: ['timeline:read'] };
  assert.throws(() => requireScope(principal, 'subscriptions:write'), {
    code: 'scope_missing',
    kind: 'forbidden',
    details: { scope: 'subscriptions:write' },
  });
  requireScope({ ...principal, scopes: ['*'] }, 'subscriptions:write');
});

test('no header, another scheme, a wrong key and a malformed one are told apart only by being there', async () => {
  const keyring = createKeyring({ database });
  for (const header of [undefined, '']) {
    await assert.rejects(keyring.authenticate(header), {
      code: 'key_missing',
      kind: 'unauthenticated',
    });
  }
  for (const header of [
    'Basic abc',
    'Bearer ',
    'Bearer kpk_short',
    `Bearer kpk_${'a'.repeat(32)}`,
  ]) {
    await assert.rejects(keyring.authenticate(header), {
      code: 'key_unknown',
      kind: 'unauthenticated',
    });
  }
});

test('a revoked key is refused', async () => {
  const key = await createApiKey(database, { name: 'old', scopes: ['*'], now });
  assert.equal(await revokeApiKey(database, { id: key.id, now }), true);
  assert.equal(await revokeApiKey(database, { id: key.id, now }), false);
  await assert.rejects(createKeyring({ database }).authenticate(`Bearer ${key.text}`), {
    code: 'key_unknown',
  });
});

test('many calls with one key ask the database once, and a lost connection is not remembered', async () => {
  const key = await createApiKey(database, { name: 'busy', scopes: ['*'], now });
  let asked = 0;
  let broken = true;
  const counting = {
    get pool() {
      asked += 1;
      if (broken) throw new Error('Connection terminated');
      return database.pool;
    },
  } as unknown as Database;
  const keyring = createKeyring({ database: counting });
  await assert.rejects(keyring.authenticate(`Bearer ${key.text}`), /terminated/);
  broken = false;
  asked = 0;
  await Promise.all(Array.from({ length: 50 }, () => keyring.authenticate(`Bearer ${key.text}`)));
  assert.equal(asked, 1);
});
