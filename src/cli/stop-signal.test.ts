import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { listenForStop } from './stop-signal.ts';

test("npm's echo of a Ctrl-C is not impatience; one that comes later is", async (t) => {
  let forced = 0;
  const stop = listenForStop(() => (forced += 1), { echoMs: 50 });
  t.after(() => stop.close());
  process.emit('SIGINT', 'SIGINT');
  process.emit('SIGINT', 'SIGINT');
  assert.equal(await stop.asked, 'SIGINT');
  assert.ok(stop.signal.aborted);
  assert.equal(forced, 0);
  await pause(60);
  process.emit('SIGTERM', 'SIGTERM');
  assert.equal(forced, 1);
});
