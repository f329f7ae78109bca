import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { cardFields, cards, Fixture, Merchant, temporaryFolder, type Values } from './fixture.ts';
import { type SiteWish, standardPublicId } from './index.ts';

const mainPath = new URL('main.ts', import.meta.url).pathname;
const dayMs = 86_400_000;

interface Running {
  readonly child: ChildProcess;
  readonly fixture: Fixture;
}

/** Killed with the test, whatever becomes of it. */
async function startProcess(t: TestContext, folder: string, site: SiteWish = {}): Promise<Running> {
  const path = join(folder, 'settings.json');
  const sites = { [standardPublicId]: { concurrency: null, ...site } };
  writeFileSync(path, JSON.stringify({ sites }));
  const options = ['--port', '0', '--folder', folder, '--settings', path];
  const child = spawn(process.execPath, [mainPath, ...options], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.after(() => child.kill('SIGKILL'));
  assert.ok(child.stdout !== null);
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  const { port, ready } = JSON.parse(line.toString()) as { ready: boolean; port: number };
  assert.equal(ready, true);
  return { child, fixture: new Fixture(`http://127.0.0.1:${port}`) };
}

async function kill({ child }: Running): Promise<void> {
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}

test('kill -9 in the middle of charging: what was answered is in the ledger, once, and no answer is lost to a repetition', {
  timeout: 240_000,
}, async (t) => {
  const folder = temporaryFolder();
  const answered = new Map<string, string>();
  const asked: string[] = [];
  for (const killAfter of [60, 150, 300]) {
    const running = await startProcess(t, folder);
    const exited = once(running.child, 'exit');
    const caller = async (): Promise<void> => {
      for (;;) {
        const invoice = `n${asked.length}`;
        asked.push(invoice);
        const options = { requestId: invoice };
        const answer = await running.fixture.charge(cards.plain, { InvoiceId: invoice }, options);
        answered.set(invoice, answer.text);
        if (answered.size >= killAfter) running.child.kill('SIGKILL');
      }
    };
    await Promise.allSettled(Array.from({ length: 12 }, caller));
    await exited;
    // A line that was cut off in the middle of being written.
    appendFileSync(join(folder, 'journal.jsonl'), '{"transactions":[{"id":1,');
  }
  const { child, fixture } = await startProcess(t, folder);
  const charged = (await fixture.ledger()).map(({ invoiceId }) => String(invoiceId));
  assert.equal(new Set(charged).size, charged.length, 'nothing was debited twice');
  for (const invoice of answered.keys()) assert.ok(charged.includes(invoice), invoice);
  for (const invoice of charged) assert.ok(asked.includes(invoice), invoice);
  for (const [invoice, text] of [...answered].slice(-20)) {
    const options = { requestId: invoice };
    const again = await fixture.charge(cards.plain, { InvoiceId: invoice }, options);
    assert.equal(again.text, text, 'the same answer as before the crash');
  }
  assert.equal((await fixture.ledger()).length, charged.length);
  const journal = readFileSync(join(folder, 'journal.jsonl'), 'utf8');
  assert.equal(journal.includes(cards.plain), false, 'no number of a card on the disk');
  child.kill('SIGTERM');
  const [code] = (await once(child, 'exit')) as [number | null];
  assert.equal(code, 0);
});

test('what was charged without an answer is told, and what was not taken is told again after a crash', {
  timeout: 120_000,
}, async (t) => {
  const merchant = await new Merchant().start(t);
  merchant.say = () => ({ status: 503 });
  const site = merchant.site('Pay', 'Cancel')[standardPublicId] ?? {};
  const folder = temporaryFolder();
  const first = await startProcess(t, folder, site);
  await first.fixture.scenario({ name: 'hang-after', times: 1 });
  const lost = assert.rejects(first.fixture.charge(cards.plain));
  while (merchant.received.length === 0) await first.fixture.settle();
  await kill(first);
  await lost;
  const before = merchant.received.length;

  merchant.say = () => undefined;
  const second = await startProcess(t, folder, site);
  await second.fixture.advance(2 * 60_000);
  assert.equal(merchant.received.length, before + 1);
  assert.equal(merchant.received.at(-1)?.raw, merchant.received[0]?.raw);
  await second.fixture.advance(dayMs);
  assert.equal(merchant.received.length, before + 1, 'taken is taken');
});

test('authorisations, subscriptions and the clock go on where they were', {
  timeout: 120_000,
}, async (t) => {
  const folder = temporaryFolder();
  const first = await startProcess(t, folder);
  await first.fixture.advance(100 * dayMs);
  const { now } = await first.fixture.get('/control/clock');
  const auth = { ...cardFields(cards.plain), InvoiceId: 'auth' };
  const TransactionId = (await first.fixture.call('payments/cards/auth', auth)).Model
    ?.TransactionId;
  const subscription: Values = {
    ...{ Token: await first.fixture.tokenOf(cards.plain), AccountId: 'user-1', Amount: 300 },
    ...{ Description: 'Pro', Currency: 'RUB', RequireConfirmation: false, Interval: 'Day' },
    ...{ Period: 30, StartDate: new Date(Date.parse(String(now)) + dayMs).toISOString() },
  };
  assert.equal((await first.fixture.call('subscriptions/create', subscription)).Success, true);
  await kill(first);

  const { fixture } = await startProcess(t, folder);
  const later = await fixture.get('/control/clock');
  assert.ok(Date.parse(String(later.now)) >= Date.parse(String(now)));
  await fixture.advance(8 * dayMs);
  const shown = await fixture.call('payments/get', { TransactionId });
  assert.equal(shown.Model?.Status, 'Cancelled');
  assert.deepEqual(await fixture.movements(), ['debit 199', 'debit 300']);
});
