import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryFolder } from '#testing';
import { lastingPorts } from './ports.ts';

test('ports stay the same from one start to the next, and none is given twice', async (t) => {
  const file = join(await temporaryFolder(t), 'ports.json');
  const ports = await lastingPorts(file, ['one', 'two', 'three']);
  assert.equal(new Set(Object.values(ports)).size, 3);
  assert.deepEqual(await lastingPorts(file, ['one', 'two', 'three']), ports);
});

test('they lie below those that the system gives to outgoing connections', async (t) => {
  const file = join(await temporaryFolder(t), 'ports.json');
  for (const port of Object.values(await lastingPorts(file, ['one', 'two']))) {
    assert.ok(port >= 20_000 && port < 32_768, String(port));
  }
});

test('a port on which somebody else listens by now is changed, the others stay', async (t) => {
  const file = join(await temporaryFolder(t), 'ports.json');
  const before = await lastingPorts(file, ['one', 'two']);
  const stranger = createServer().listen(before.one, '127.0.0.1');
  t.after(() => stranger.close());
  await once(stranger, 'listening');
  const after = await lastingPorts(file, ['one', 'two']);
  assert.notEqual(after.one, before.one);
  assert.equal(after.two, before.two);
});

test('a file that was cut off counts as none', async (t) => {
  const file = join(await temporaryFolder(t), 'ports.json');
  await writeFile(file, '{"one":2');
  assert.ok((await lastingPorts(file, ['one'])).one > 0);
});
