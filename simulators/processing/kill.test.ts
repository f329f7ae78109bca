import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

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

test('kill -9 loses no answered transaction, and what is sent again is executed once', {
  timeout: 120_000,
}, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'kopek-processing-'));
  const answered = new Set<string>();
  const ids = Array.from({ length: 900 }, (_, n) => `pay_${n}`);
  for (const killAfter of [200, 500]) {
    const { child, url } = await startProcess(folder);
    const exited = once(child, 'exit');
    const waiting = ids.filter((id) => !answered.has(id));
    const work = async () => {
      for (let id = waiting.shift(); id !== undefined; id = waiting.shift()) {
        const { status } = await fetch(`${url}/execute_transaction?id=${id}&amount=7`);
        assert.equal(status, 200);
        answered.add(id);
        if (answered.size >= killAfter) child.kill('SIGKILL');
      }
    };
    await Promise.allSettled(Array.from({ length: 8 }, work));
    await exited;
    // A line that was cut off in the middle of being written.
    appendFileSync(join(folder, 'journal.jsonl'), '[["ledger","99999",{"sequence":');
  }
  const { child, url } = await startProcess(folder);
  const list = async () => {
    const { entries } = (await (await fetch(`${url}/ledger`)).json()) as {
      readonly entries: readonly { readonly reference: string }[];
    };
    return entries.map(({ reference }) => reference);
  };
  const before = new Set(await list());
  for (const id of answered) assert.ok(before.has(id), `answered ${id} is in the book`);
  for (const id of ids) await fetch(`${url}/execute_transaction?id=${id}&amount=7`);
  assert.deepEqual((await list()).toSorted(), ids.toSorted());
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  assert.equal((await exited)[0], 0);
});
