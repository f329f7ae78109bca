import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { createSealer } from '#auth';
import { createFakeClock } from '#clock';
import { sql } from '#database';
import { silentLog } from '#log';
import type { SmsOutcome, SmsProvider } from '#sms/provider';
import { createSmsProvider } from '#sms/providers';
import { eventually, testDatabase } from '#testing';
import { type Accounts, createAccounts, type NewAccount } from './index.ts';

const database = await testDatabase();
const clock = createFakeClock(new Date('2026-03-02T10:00:00Z'));
const sealer = createSealer({ secret: 'a secret that only tests know, long enough' });
const opened: string[] = [];
const all: Accounts[] = [];
after(() => Promise.all(all.map((accounts) => accounts.close())));

/** Another process. */
async function openAccounts(): Promise<Accounts> {
  const accounts = await createAccounts({
    ...{ database, clock, log: silentLog(), sealer },
    createProvider: (kind, of) => createSmsProvider(kind, { ...of, clock }),
    opened: ({ name }: SmsProvider) => opened.push(name),
  });
  all.push(accounts);
  return accounts;
}

const here = await openAccounts();
const elsewhere = await openAccounts();

const smsc: NewAccount = {
  ...{ name: 'relay', kind: 'smsc', title: 'Relay', enabled: true, requestsPerSecond: 1000 },
  ...{ senderPerSecond: undefined, entityPerSecond: undefined },
  settings: { base_url: 'http://127.0.0.1:1', login: 'kopek' },
  secrets: { password: 'correct horse battery staple', callback_secret: 'a callback secret' },
};

async function save(account: Partial<NewAccount>): Promise<void> {
  await database.transaction((tx) => here.save(tx, { ...smsc, ...account }, 'tester'));
  await Promise.all(all.map((accounts) => accounts.refresh()));
}

function refused(fault: 'account' | 'temporary' | 'recipient'): SmsOutcome {
  return { outcome: 'not_sent', fault, reason: `because_${fault}` };
}

test('credentials are kept sealed, open only in their own row, and are in no change', async () => {
  await save({});
  const { rows } = await sql<{ text: string }>`
    select a::text || coalesce((select string_agg(c::text, '') from sms.provider_account_change c), '') as text
    from sms.provider_account a`.execute(database.pool);
  assert.doesNotMatch(rows[0]?.text ?? '', /horse|callback secret/);
  assert.ok(elsewhere.line('relay'), 'another process can open them');
  await sql`insert into sms.provider_account (name, kind, title, settings, sealed_secrets, requests_per_second,
    created_at, updated_at) select 'thief', kind, title, settings, sealed_secrets, requests_per_second, created_at,
    updated_at from sms.provider_account where name = 'relay'`.execute(database.pool);
  await here.refresh();
  assert.throws(() => here.line('thief'), { code: 'seal_broken' });
  await sql`delete from sms.provider_account where name = 'thief'`.execute(database.pool);
  await here.refresh();
});

test('what a kind finds wrong is refused, and nothing is stored', async () => {
  const wrong: readonly [Partial<NewAccount>, string][] = [
    [{ name: 'one', kind: 'pigeon' }, 'provider_kind_unknown'],
    [{ name: 'two', settings: { login: 7 } }, 'provider_settings_invalid'],
    [{ name: 'three', secrets: undefined }, 'provider_secrets_missing'],
  ];
  for (const [account, code] of wrong) await assert.rejects(save(account), { code }, code);
  assert.deepEqual(
    here.all().map(({ account }) => account.name),
    ['relay'],
  );
});

test('a change keeps the credentials that are not told, and opens the talk anew', async () => {
  await save({});
  const before = here.line('relay');
  assert.equal(here.line('relay'), before);
  await save({ secrets: undefined, title: 'Relay of tomorrow' });
  const later = here.line('relay');
  assert.notEqual(later, before);
  assert.equal(here.get('relay')?.account.title, 'Relay of tomorrow');
});

test('without money or right credentials nothing is sent through it, in any process, until it is saved again', async () => {
  await save({});
  const line = here.line('relay');
  assert.ok(line);
  assert.ok(line.admits() && elsewhere.admits('relay'));
  line.heard(refused('account'));
  assert.ok(!line.admits() && !here.admits('relay'));
  await eventually(async () => {
    await elsewhere.refresh();
    assert.ok(!elsewhere.admits('relay'));
  });
  assert.equal(elsewhere.get('relay')?.closedReason, 'because_account');
  await save({ secrets: undefined });
  assert.ok(here.line('relay')?.admits() && elsewhere.admits('relay'));
});

test('a provider in ill health is left alone after ten failures; refusals of numbers say nothing of its health', async () => {
  await save({});
  const line = here.line('relay');
  for (let failure = 0; failure < 30; failure += 1) line?.heard(refused('recipient'));
  assert.ok(line?.admits());
  for (let failure = 0; failure < 10; failure += 1) line?.heard(refused('temporary'));
  assert.ok(!line?.admits());
  await save({ secrets: undefined });
});

test('switched off it takes nothing', async () => {
  await save({ enabled: false });
  assert.ok(!here.admits('relay') && !here.line('relay')?.admits());
  await save({});
});

test('a sender and an entity get their share of the rate, in the order in which they came', async () => {
  await save({ senderPerSecond: 20, entityPerSecond: 1000 });
  const line = here.line('relay');
  const orders = [
    ...Array.from({ length: 10 }, () => ({ sender: 'LOUD', entity: 'alfa' })),
    { sender: 'QUIET', entity: 'alfa' },
  ];
  const first = await line?.share?.(orders);
  // A throttle that is asked for the first time is made by that.
  const waits = first?.every((wait) => wait > 0) ? await line?.share?.(orders) : first;
  const loud = waits?.slice(0, 10) ?? [];
  const going = loud.filter((wait) => wait === 0).length;
  assert.ok(going <= 4, `${going} at once at a rate of 20`);
  const waiting = loud.filter((wait) => wait > 0);
  assert.deepEqual(
    waiting,
    waiting.toSorted((one, other) => one - other),
  );
  assert.ok((waiting.at(-1) ?? 0) <= 600);
  await save({});
});
