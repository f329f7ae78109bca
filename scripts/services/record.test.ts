import assert from 'node:assert/strict';
import { stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryFolder } from '#testing';
import { readServices, type ServiceRecord, writeRecord } from './record.ts';

const RECORD: ServiceRecord = {
  url: 'amqp://kopek:secret@127.0.0.1:20001',
  software: 'RabbitMQ 3.10.8',
  processes: [{ label: 'rabbitmq', pid: 4711, born: 'boot 1' }],
  startedAt: '2026-11-25T18:05:10.044Z',
};

test('what is noted of one service leaves the other alone, even at the same moment', async (t) => {
  const folder = join(await temporaryFolder(t), 'not made yet');
  const kafka = { ...RECORD, url: 'kafka://127.0.0.1:20002' };
  await Promise.all([writeRecord(folder, 'rabbitmq', RECORD), writeRecord(folder, 'kafka', kafka)]);
  assert.deepEqual(await readServices(folder), { rabbitmq: RECORD, kafka });
  await writeRecord(folder, 'rabbitmq', undefined);
  assert.deepEqual(await readServices(folder), { kafka });
});

test('the file is for its owner alone: a password stands in it', async (t) => {
  const folder = await temporaryFolder(t);
  await writeRecord(folder, 'rabbitmq', RECORD);
  assert.equal((await stat(join(folder, 'services.json'))).mode & 0o777, 0o600);
});

test('no folder, no file and a broken file all mean that nothing was started', async (t) => {
  const folder = await temporaryFolder(t);
  assert.deepEqual(await readServices(join(folder, 'none')), {});
  assert.deepEqual(await readServices(folder), {});
  await writeFile(join(folder, 'services.json'), '{"kafka": {');
  assert.deepEqual(await readServices(folder), {});
});
