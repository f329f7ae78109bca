import assert from 'node:assert/strict';
import { test } from 'node:test';
import { silentLog } from '#log';
import { createKafkaClient } from './client.ts';

const PATIENCE_MS = 200;
const UNKEPT = new Promise<never>(() => {});

test('a promise that the client never keeps ends as unavailable, and the next asks one that is made anew', async (t) => {
  const client = createKafkaClient('kafka://127.0.0.1:1', 'kopek/test', silentLog(), {
    patienceMs: PATIENCE_MS,
  });
  t.after(() => client.close());
  const parts = await client.parts();
  assert.equal(await client.answered(parts, Promise.resolve(5)), 5);
  await assert.rejects(client.answered(parts, Promise.reject(new Error('told'))), /told/);
  assert.equal(await client.parts(), parts, 'an answer, whatever it says, changes nothing');
  await assert.rejects(client.answered(parts, UNKEPT), { code: 'broker_away' });
  const anew = await client.parts();
  assert.notEqual(anew, parts);
  // Others were waiting for the former one too.
  await assert.rejects(client.answered(parts, UNKEPT), { code: 'broker_away' });
  assert.equal(await client.parts(), anew);
});
