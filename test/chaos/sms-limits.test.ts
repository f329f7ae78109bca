import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { setSharedClock } from '#clock';
import { sql } from '#database';
import { eventually, testDatabase } from '#testing';
import { createChance } from './chance.ts';
import { endLeases } from './locks.ts';
import type { Kopek } from './process.ts';
import { ownServer } from './server.ts';
import { judgeCaps, judgeHours, personIn } from './sms-caps.ts';
import { DEBT_TEXT } from './sms-furnish.ts';
import { assertSms, type Promised } from './sms-invariants.ts';
import { setSmsStage } from './sms-stage.ts';

// Messages to debtors through the whole service, over days of a faked clock, while senders die: the handsets never show
// more than the law allows, nor anything outside of its hours.

await ownServer();
const database = await testDatabase();
let now = new Date('2026-03-19T04:30:00Z');
await setSharedClock(database, now);
const stage = await setSmsStage({ after }, database, { timeoutMs: 1000 });
const { book } = stage;
await book.tell('/control/clock', { now: now.toISOString() }, 'PUT');
await stage.start('sms-api');
const senders: Kopek[] = [await stage.start('sms-sender'), await stage.start('sms-sender', 1)];
const chance = createChance(5);

const PERSONS = 12;
const DAYS = 5;
/** By Moscow's clock: before the opening, behind it, in the evening, in the last minutes, behind the closing. */
const TIMES = ['07:30', '09:05', '19:30', '21:48', '22:30'];

/** Everybody sees the new moment before anything else happens. */
async function jumpTo(to: Date): Promise<void> {
  now = to;
  await book.tell('/control/clock', { now: now.toISOString() }, 'PUT');
  await setSharedClock(database, now);
  await new Promise((done) => setTimeout(done, 250));
}

async function untilSettled(): Promise<void> {
  await eventually(
    async () => {
      const { rows } = await sql<{ left: readonly string[] | null }>`
        select array_agg(what) as left from (
          select state || ' ' || count(*) as what from sms.message
          where state in ('claimed', 'submitting') or state in ('queued', 'deferred') and coalesce(not_before, ${now}) <= ${now}
          group by state) x`.execute(database.pool);
      if (rows[0]?.left) throw new Error(`still moving: ${rows[0].left.join(', ')}`);
    },
    { timeoutMs: 60_000, intervalMs: 100 },
  );
}

const promised: Promised[] = [];
let messages = 0;

/** Each to one of two numbers of a person: they are one person all the same. */
async function askForMore(perPerson: number): Promise<void> {
  const wishes = Array.from({ length: PERSONS * perPerson }, (_, n) => {
    messages += 1;
    const person = `p${n % PERSONS}`;
    return {
      ...{ class: 'debt', person, reference: `debt-${messages}`, validity_seconds: 172_800 },
      ...{ text: `${DEBT_TEXT} (${person}-${messages})`, time_zone: 'Europe/Moscow' },
      recipient: `+7916${2_000_000 + (n % PERSONS) * 10 + (messages % 2)}`,
    };
  });
  for (const wish of wishes) {
    const { sms } = await stage.insist(wish);
    promised.push({ recipient: wish.recipient, sms });
  }
}

async function killOne(): Promise<void> {
  const at = chance.between(0, 1);
  await new Promise((done) => setTimeout(done, chance.between(0, 900)));
  await senders[at]?.kill();
  senders[at] = await stage.start('sms-sender', at);
  await endLeases(database);
}

test('over days, with senders that die: never more than the law allows, never outside of its hours', async (t) => {
  await book.set('generic-http', { cutAfter: 0.05, cutBefore: 0.05, hangAfter: 0.03 });
  for (let day = 0; day < DAYS; day += 1) {
    for (const time of TIMES) {
      await jumpTo(new Date(`2026-03-${19 + day}T${time}:00+03:00`));
      await Promise.all([askForMore(1), chance.is(0.4) ? killOne() : undefined]);
      await untilSettled();
    }
    const soFar = await book.received();
    assert.deepEqual([...judgeCaps(soFar), ...judgeHours(soFar)], [], `on day ${day}`);
  }
  const received = await book.received();
  t.diagnostic(`${messages} messages, ${received.length} on handsets`);
  const persons = new Set(received.map(({ text }) => personIn(text)));
  assert.equal(persons.size, PERSONS, 'everybody got something');
  assert.ok(received.length >= PERSONS * 4, `only ${received.length} have left`);
  await assertSms(stage, promised);
});

test('a provider that hangs until the hours are over brings nothing then', async () => {
  await book.set('generic-http', { cutAfter: 0, cutBefore: 0, hangAfter: 0 });
  await jumpTo(new Date('2026-03-31T21:30:00+03:00'));
  const before = (await book.accepted()).length;
  const recipient = '+79169999999';
  await book.befall('late', recipient, { delayMs: 6000 });
  await stage.insist({
    ...{ class: 'debt', person: 'p99', recipient, reference: 'late', time_zone: 'Europe/Moscow' },
    text: `${DEBT_TEXT} (p99-late)`,
  });
  await eventually(
    async () => {
      const { rows } = await sql<{ state: string }>`
        select state from sms.message where recipient = ${recipient}`.execute(database.pool);
      assert.equal(rows[0]?.state, 'unknown');
    },
    { timeoutMs: 20_000 },
  );
  await jumpTo(new Date('2026-03-31T22:40:00+03:00'));
  await eventually(async () => assert.equal((await book.accepted()).length, before + 1), {
    timeoutMs: 20_000,
  });
  await book.tell('/control/deliver');
  await untilSettled();
  assert.deepEqual(judgeHours(await book.received()), []);
  assert.deepEqual(await book.textsOf(recipient), []);
  const accepted = (await book.accepted()).at(-1);
  assert.ok(Date.parse(accepted?.valid_until ?? '') <= Date.parse('2026-03-31T22:00:00+03:00'));
});
