import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { callUcip, temporaryFolder } from './fixture.ts';

const mainPath = new URL('main.ts', import.meta.url).pathname;

async function startProcess(folder: string): Promise<{ child: ChildProcess; url: string }> {
  const child = spawn(process.execPath, [mainPath, '--port', '0', '--folder', folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  assert.ok(child.stdout !== null);
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  const { ready, port } = JSON.parse(line.toString()) as { ready: boolean; port: number };
  assert.equal(ready, true);
  return { child, url: `http://127.0.0.1:${port}` };
}

test('kill -9 in the middle of charging loses no answered debit and invents none', async () => {
  const folder = temporaryFolder();
  const { child, url } = await startProcess(folder);
  const answered: string[] = [];
  let sent = 0;
  const charge = async (): Promise<void> => {
    for (;;) {
      sent += 1;
      const id = String(sent);
      const answer = await callUcip(url, 'UpdateBalanceAndDate', {
        msisdn: `92300${String(sent).padStart(5, '0')}01`,
        id,
      });
      assert.equal(answer.members.responseCode, '0');
      answered.push(id);
      if (answered.length === 400) child.kill('SIGKILL');
    }
  };
  const callers = Array.from({ length: 16 }, () => charge());
  await Promise.allSettled(callers);

  const again = await startProcess(folder);
  const response = await fetch(`${again.url}/ledger`);
  const { debits } = (await response.json()) as { debits: { transaction_id: string }[] };
  const booked = debits.map((debit) => debit.transaction_id);
  assert.equal(new Set(booked).size, booked.length);
  assert.ok(answered.length >= 400);
  for (const id of answered) assert.ok(booked.includes(id), `answered debit ${id} is in the book`);
  assert.ok(booked.every((id) => Number(id) <= sent));

  again.child.kill('SIGTERM');
  const [code] = (await once(again.child, 'exit')) as [number | null];
  assert.equal(code, 0);
});
