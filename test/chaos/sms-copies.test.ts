import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { sql } from '#database';
import { eventually, testDatabase } from '#testing';
import { createChance } from './chance.ts';
import { endLeases, hold, holdGrants, until, untilBlocked } from './locks.ts';
import type { Kopek } from './process.ts';
import { ownServer } from './server.ts';
import { assertSms, hastenQuestions, type Promised, untilSmsQuiet } from './sms-invariants.ts';
import { setSmsStage } from './sms-stage.ts';

// Copies of the sender beside each other, callers that repeat themselves while the API dies, and every fault of a provider.

await ownServer();
const database = await testDatabase();
const stage = await setSmsStage({ after }, database);
const { book } = stage;
let api: Kopek = await stage.start('sms-api');
let senders: Kopek[] = [];
let messages = 0;
/** A slow machine has to come to an end between them. */
const KILLS_MOST = 12;
/** The rate of the provider that is tried first. */
const NORTH = 'sms:north';

async function send(more: object = {}): Promise<Promised> {
  messages += 1;
  const recipient = `+7916${3_000_000 + messages}`;
  const wish = { recipient, text: `Order ${messages}`, reference: `order-${messages}`, ...more };
  return { recipient, sms: (await stage.insist(wish)).sms };
}

async function stateOf({ recipient }: Promised): Promise<string | undefined> {
  const { rows } = await sql<{ state: string }>`
    select state from sms.message where recipient = ${recipient}`.execute(database.pool);
  return rows[0]?.state;
}

test('the API killed in the midst of requests: what is repeated is taken once', async () => {
  const chance = createChance(2);
  let over = false;
  const killing = (async () => {
    for (let killed = 0; killed < KILLS_MOST && !over; killed += 1) {
      await new Promise((done) => setTimeout(done, chance.between(150, 700)));
      await api.kill();
      api = await stage.start('sms-api');
    }
  })();
  const promised: Promised[] = [];
  for (let round = 0; round < 12; round += 1) {
    const some = await Promise.all(
      Array.from({ length: 15 }, (_, n) =>
        send(n % 2 === 0 ? {} : { reference: undefined, key: `key-${round}-${n}` }),
      ),
    );
    promised.push(...some);
  }
  over = true;
  await killing;
  senders = await Promise.all([0, 1, 2].map((copy) => stage.start('sms-sender', copy)));
  await untilSmsQuiet(stage);
  await assertSms(stage, promised);
  for (const one of promised) assert.equal(await stateOf(one), 'delivered');
});

/** A sender holds two seconds of a provider's rate: at this one no copy can hold everything. */
async function setRate(perSecond: number): Promise<void> {
  await sql`update sms.provider_account set requests_per_second = ${perSecond}`.execute(
    database.pool,
  );
  // Accounts are read anew each second.
  await new Promise((done) => setTimeout(done, 1500));
}

test('three copies share the work; one of them killed in its midst, the others do the rest', async (t) => {
  await setRate(30);
  t.after(() => setRate(500));
  const promised = await Promise.all(Array.from({ length: 250 }, () => send()));
  await senders[1]?.kill();
  senders[1] = await stage.start('sms-sender', 1);
  await endLeases(database);
  await untilSmsQuiet(stage);
  await assertSms(stage, promised);
  const { rows } =
    await sql`select distinct owner from sms.message where owner is not null`.execute(
      database.pool,
    );
  assert.ok(rows.length > 1, 'one copy has sent everything');
});

const FAULTS = [
  ...([
    'hang-before',
    'hang-after',
    'cut-before',
    'cut-after',
    'error-before',
    'error-after',
  ] as const),
  ...(['garbage', 'down', 'late-answer', 'throttled', 'temporary', 'bad-text'] as const),
  ...(['receipt-duplicated', 'receipt-early', 'receipt-missing'] as const),
];

test('whatever befalls a message at its first provider, it is on its handset once', async () => {
  const promised: Promised[] = [];
  for (const name of FAULTS) {
    for (const provider of ['generic-http', 'smsc'] as const) {
      await book.befall(name, `+7916${3_000_001 + messages}`, { provider, delayMs: 2500 });
      const providers = provider === 'smsc' ? ['south', 'north'] : ['north', 'south'];
      promised.push(await send({ providers }));
    }
  }
  await untilSmsQuiet(stage, 120_000);
  await assertSms(stage, promised);
  for (const one of promised) assert.equal(await stateOf(one), 'delivered');
});

test('a provider out of money, or with more calls than it takes, loses nothing', async () => {
  await book.set('generic-http', { balanceMinor: 5000, priceMinor: 250 });
  await book.set('smsc', { tps: 15 });
  const promised = await Promise.all(Array.from({ length: 80 }, () => send()));
  await untilSmsQuiet(stage, 120_000);
  await book.set('generic-http', { balanceMinor: null });
  await book.set('smsc', { tps: null });
  await assertSms(stage, promised);
  for (const one of promised) assert.equal(await stateOf(one), 'delivered');
});

test('a sender frozen between the mark and the call does not call when it wakes up', async (t) => {
  await sql`update sms.provider_account set open_until = null`.execute(database.pool);
  await Promise.all(senders.map((sender) => sender.kill()));
  const frozen = await stage.start('sms-sender', 0);
  const grants = await holdGrants(t, database, NORTH);
  const one = await send({ providers: ['north'] });
  const { recipient } = one;
  await until(
    database,
    sql`select state = 'claimed' as yes from sms.message where recipient = ${recipient}`,
  );
  const row = await hold(
    t,
    database,
    `select from sms.message where recipient = '${recipient}' for update`,
  );
  await grants.release();
  await untilBlocked(database, 'sms.lock_messages');
  const next = await holdGrants(t, database, NORTH);
  await new Promise((done) => setTimeout(done, 300));
  await row.release();
  await until(
    database,
    sql`select state = 'submitting' as yes from sms.message where recipient = ${recipient}`,
  );
  frozen.pause();
  await next.release();
  await endLeases(database);
  await stage.start('sms-sender', 1);
  // The other copy learns that it never left, and sends it; longer than a call may be late.
  await eventually(
    async () => {
      await hastenQuestions(database);
      assert.equal((await book.textsOf(recipient)).length, 1);
    },
    { timeoutMs: 40_000, intervalMs: 200 },
  );
  await new Promise((done) => setTimeout(done, 9000));
  frozen.resume();
  await new Promise((done) => setTimeout(done, 2500));
  await untilSmsQuiet(stage);
  await assertSms(stage, [one]);
  assert.equal((await book.textsOf(recipient)).length, 1);
});
