import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { freePort } from '#testing';
import { mustBeFree } from './ports.ts';
import { Refusal } from './refusal.ts';

const host = '127.0.0.1';

test('free ports are no matter', async () => {
  await mustBeFree([{ port: await freePort(), setting: 'KOPEK_PORT', host }]);
});

test('a taken port is told with who has it and which setting to change', async (t) => {
  const server = createServer((_, response) => void response.end('{"status":"alive"}'));
  await new Promise<void>((done) => server.listen(0, host, done));
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  await assert.rejects(mustBeFree([{ port, setting: 'KOPEK_PORT', host }]), (error) => {
    assert.ok(error instanceof Refusal);
    assert.equal(error.exit, 75);
    assert.equal(error.code, 'KOP-0102');
    assert.match(error.message, /another Kopek/);
    assert.match(error.advice.join('\n'), new RegExp(`KOPEK_PORT=${port + 10}`));
    return true;
  });
});
