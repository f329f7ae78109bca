import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { Fixture, Receiver, temporaryFolder } from './fixture.ts';

const mainPath = new URL('main.ts', import.meta.url).pathname;

interface Running {
  readonly child: ChildProcess;
  readonly fixture: Fixture;
}

/** Killed with the test, whatever becomes of it. */
async function startProcess(
  t: TestContext,
  folder: string,
  settings: object = {},
): Promise<Running> {
  const path = join(folder, 'settings.json');
  writeFileSync(path, JSON.stringify(settings));
  const options = ['--port', '0', '--smpp-port', '0', '--folder', folder, '--settings', path];
  const child = spawn(process.execPath, [mainPath, ...options], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.after(() => child.kill('SIGKILL'));
  assert.ok(child.stdout !== null);
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  const { port, ready } = JSON.parse(line.toString()) as { ready: boolean; port: number };
  assert.equal(ready, true);
  const url = `http://127.0.0.1:${port}`;
  return { child, fixture: new Fixture({ url, port, close: async () => undefined }) };
}

test('kill -9 in the middle of sending: what was accepted is in the ledger, once', {
  timeout: 240_000,
}, async (t) => {
  const folder = temporaryFolder();
  const accepted = new Map<string, string>();
  let sent = 0;
  for (const killAfter of [60, 150, 300]) {
    const { child, fixture } = await startProcess(t, folder);
    const exited = once(child, 'exit');
    const caller = async (): Promise<void> => {
      for (;;) {
        sent += 1;
        const text = `no ${sent}`;
        const { body, status } = await fixture.generic({ text });
        assert.equal(status, 202);
        accepted.set(text, String(body.id));
        if (accepted.size >= killAfter) child.kill('SIGKILL');
      }
    };
    await Promise.allSettled(Array.from({ length: 12 }, caller));
    await exited;
    // A line that was cut off in the middle of being written.
    appendFileSync(join(folder, 'journal.jsonl'), '{"kind":"done","of":1,"n":');
  }

  const { child, fixture } = await startProcess(t, folder);
  await fixture.settle();
  const received = await fixture.received('limit=100000');
  const texts = received.map(({ text }) => text);
  assert.equal(new Set(texts).size, texts.length, 'nothing reached a handset twice');
  const ids = new Map(received.map((one) => [one.text, one.provider_id]));
  for (const [text, id] of accepted) assert.equal(ids.get(text), id, `${text} is in the ledger`);
  assert.ok(accepted.size >= 300 && texts.length <= sent);
  child.kill('SIGTERM');
  const [code] = (await once(child, 'exit')) as [number | null];
  assert.equal(code, 0);
});

test('kill -9 after the acceptance of a message whose answer never came: it arrives, and its receipt is told', {
  timeout: 120_000,
}, async (t) => {
  const receiver = new Receiver();
  const url = await receiver.start();
  t.after(() => receiver.close());
  const folder = temporaryFolder();
  const first = await startProcess(t, folder);
  await first.fixture.set('twilio', {
    callbackUrl: url,
    deliverMs: { min: 3_600_000, max: 3_600_000 },
  });
  await first.fixture.scenario({ name: 'hang-after', times: 1 });
  const call = first.fixture.twilio({
    To: '+79161234567',
    From: '+15005550006',
    Body: 'lost answer',
  });
  const failed = assert.rejects(call);
  while ((await first.fixture.accepted()).length === 0);
  first.child.kill('SIGKILL');
  await Promise.all([failed, once(first.child, 'exit')]);

  const second = await startProcess(t, folder);
  await second.fixture.set('twilio', { callbackUrl: url });
  assert.deepEqual(await second.fixture.received(), []);
  await second.fixture.settle();
  assert.deepEqual(
    (await second.fixture.received()).map(({ text }) => text),
    ['lost answer'],
  );
  assert.deepEqual(
    receiver.received.map(({ form }) => form.MessageStatus),
    ['sent', 'delivered'],
  );
});

test('what a handset said is brought after a crash, too', { timeout: 120_000 }, async (t) => {
  const receiver = new Receiver();
  const url = await receiver.start();
  t.after(() => receiver.close());
  const folder = temporaryFolder();
  const settings = { 'generic-http': { moUrl: url, repeatMs: 5, repeats: 10_000 } };
  receiver.standard = { status: 503, body: '' };
  const first = await startProcess(t, folder, settings);
  const words = { provider: 'generic-http', text: 'STOP' };
  await first.fixture.json('POST', '/handsets/79161234567/say', words);
  await receiver.until(2);
  first.child.kill('SIGKILL');
  await once(first.child, 'exit');
  const before = receiver.received.length;

  const second = await startProcess(t, folder, settings);
  await receiver.until(before + 1);
  receiver.standard = { status: 200, body: '' };
  while ((await second.fixture.get('/stats')).body.unheard !== 0);
  const bodies = new Set(receiver.received.map(({ body }) => body));
  assert.equal(bodies.size, 1, 'the same id on every attempt');
});
