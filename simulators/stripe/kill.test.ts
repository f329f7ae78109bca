import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { clientOf, type Entry, temporaryFolder } from './fixture.ts';

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

test('kill -9 loses no paid intent, and what is sent again with its key is paid once', {
  timeout: 180_000,
}, async () => {
  const folder = temporaryFolder();
  const paid = new Map<string, string>();
  const references = Array.from({ length: 300 }, (_, n) => `pay_${n}`);
  const pay = (client: ReturnType<typeof clientOf>, payment: string) =>
    client.paymentIntents.create(
      {
        ...{ amount: 700, currency: 'rub', payment_method: 'pm_card_visa', confirm: true },
        metadata: { payment },
      },
      { idempotencyKey: payment },
    );
  for (const killAfter of [70, 160]) {
    const { child, url } = await startProcess(folder);
    const exited = once(child, 'exit');
    const client = clientOf(url);
    const waiting = references.filter((reference) => !paid.has(reference));
    const work = async () => {
      for (let one = waiting.shift(); one !== undefined; one = waiting.shift()) {
        paid.set(one, (await pay(client, one)).id);
        if (paid.size >= killAfter) child.kill('SIGKILL');
      }
    };
    await Promise.allSettled(Array.from({ length: 8 }, work));
    await exited;
    // A line that was cut off in the middle of being written.
    appendFileSync(join(folder, 'journal.jsonl'), '[["ledger","99999",{"sequence":');
  }
  const { child, url } = await startProcess(folder);
  const client = clientOf(url);
  for (const [reference, id] of paid) {
    assert.equal((await client.paymentIntents.retrieve(id)).status, 'succeeded');
    assert.equal((await pay(client, reference)).id, id);
  }
  for (const reference of references) await pay(client, reference);
  const { entries } = (await (await fetch(`${url}/ledger`)).json()) as {
    readonly entries: readonly Entry[];
  };
  assert.deepEqual(entries.map(({ reference }) => reference).toSorted(), references.toSorted());
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  assert.equal((await exited)[0], 0);
});
