import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { test } from 'node:test';
import { serve } from './served.ts';

test('whoever listens on every address is called at one that browsers take', async (t) => {
  const server = createServer((_, response) => response.end('here'));
  const { close, port, url } = await serve({ server, port: 0, host: '0.0.0.0', end: () => {} });
  t.after(close);
  assert.equal(url, `http://127.0.0.1:${port}`);
  assert.equal(await (await fetch(url)).text(), 'here');
});
