import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { shopOf, temporaryFolder } from './fixture.ts';

const mainPath = new URL('main.ts', import.meta.url).pathname;

async function startProcess(folder: string): Promise<{ child: ChildProcess; url: string }> {
  const child = spawn(process.execPath, [mainPath, '--port', '0', '--folder', folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  assert.ok(child.stdout !== null);
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  const { port, ready } = JSON.parse(line.toString()) as { ready: boolean; port: number };
  assert.equal(ready, true);
  return { child, url: `http://127.0.0.1:${port}` };
}

test('kill -9 loses no answered payment, and what is sent again with its key is the same', {
  timeout: 180_000,
}, async () => {
  const folder = temporaryFolder();
  const made = new Map<string, unknown>();
  const keys = Array.from({ length: 300 }, (_, n) => `pay_${n}`);
  for (const killAfter of [70, 160]) {
    const { child, url } = await startProcess(folder);
    const exited = once(child, 'exit');
    const shop = shopOf(url);
    const waiting = keys.filter((key) => !made.has(key));
    const work = async () => {
      for (let key = waiting.shift(); key !== undefined; key = waiting.shift()) {
        made.set(key, (await shop.pay(key)).body.id);
        if (made.size >= killAfter) child.kill('SIGKILL');
      }
    };
    await Promise.allSettled(Array.from({ length: 8 }, work));
    await exited;
    // A line that was cut off in the middle of being written.
    appendFileSync(join(folder, 'journal.jsonl'), '[["payment","x",{"id":');
  }
  const { child, url } = await startProcess(folder);
  const shop = shopOf(url);
  for (const [key, id] of made) assert.equal((await shop.pay(key)).body.id, id);
  for (const key of keys) await shop.pay(key);
  let count = 0;
  for (let cursor: unknown = ''; cursor !== undefined; ) {
    const query = cursor === '' ? '' : `&cursor=${cursor}`;
    const { body } = await shop.call(`/payments?limit=100${query}`);
    count += (body.items as unknown[]).length;
    cursor = body.next_cursor;
  }
  assert.equal(count, keys.length);
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  assert.equal((await exited)[0], 0);
});
