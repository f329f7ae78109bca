import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sql } from '#database';
import { assertInvariants, untilQuiet } from './invariants.ts';
import { hold, untilBlocked } from './locks.ts';
import { confirm, debitsOf, insist, openPage, phoneOf, storyOf, subscribe } from './people.ts';
import type { Kopek } from './process.ts';
import { ownServer } from './server.ts';
import { setStage } from './stage.ts';

await ownServer();
const stage = await setStage(undefined);
const { database } = stage;
await stage.start('mt-manager', 'telco');
let dispatcher: Kopek = await stage.start('dispatcher');
let qlistener: Kopek = await stage.start('qlistener');

async function countOf(phone: string): Promise<{ consents: number; subscriptions: number }> {
  const { rows } = await sql<{ consents: number; subscriptions: number }>`
    select (select count(*)::int from subscriptions.consent k where k.customer_id = c.id) as consents,
      (select count(*)::int from subscriptions.subscription s where s.customer_id = c.id) as subscriptions
    from subscriptions.customer c where c.msisdn = ${`+${phone}`}`.execute(database.pool);
  return rows[0] ?? { consents: 0, subscriptions: 0 };
}

test('dispatcher killed before a consent is stored: nothing is there, and the button works again', async (t) => {
  const phone = phoneOf(1);
  const visit = await openPage(stage, phone);
  const consents = await hold(t, database, 'lock table subscriptions.consent in exclusive mode');
  const pressing = confirm(stage, visit).catch(() => false);
  await untilBlocked(database, 'write_consents');
  await dispatcher.kill();
  assert.equal(await pressing, false);
  await consents.release();
  assert.deepEqual(await countOf(phone), { consents: 0, subscriptions: 0 });
  await assertOnce(phone, visit);
});

test('dispatcher killed while its commit is on its way: stored or not, the button works again', async (t) => {
  const phone = phoneOf(4);
  const visit = await openPage(stage, phone);
  const bus = await hold(t, database, 'lock table platform.bus_parcel in exclusive mode');
  const pressing = confirm(stage, visit).catch(() => false);
  await untilBlocked(database, 'insert into platform.bus_parcel');
  await dispatcher.kill();
  assert.equal(await pressing, false);
  await bus.release();
  await assertOnce(phone, visit);
});

async function assertOnce(phone: string, visit: Awaited<ReturnType<typeof openPage>>) {
  dispatcher = await stage.start('dispatcher');
  await insist(stage, visit);
  await untilQuiet(stage);
  assert.deepEqual(await countOf(phone), { consents: 1, subscriptions: 1 });
  assert.equal(await debitsOf(stage, phone), 1);
  await assertInvariants(stage, { confirmed: [phone] });
}

test('dispatcher killed right after the button, the form sent again and again: one consent, one charge', async () => {
  const phones = Array.from({ length: 10 }, (_, n) => phoneOf(10 + n));
  const visits = await Promise.all(phones.map((phone) => openPage(stage, phone)));
  const pressing = visits.map((visit, n) =>
    new Promise((done) => setTimeout(done, n * 4)).then(() =>
      confirm(stage, visit).catch(() => false),
    ),
  );
  await Promise.race(pressing);
  await dispatcher.kill();
  const heard = await Promise.all(pressing);
  for (const phone of phones.filter((_, n) => heard[n])) {
    assert.equal((await countOf(phone)).consents, 1, 'who was told yes is stored');
  }
  dispatcher = await stage.start('dispatcher');
  await Promise.all(visits.flatMap((visit) => [insist(stage, visit), insist(stage, visit)]));
  await untilQuiet(stage);
  for (const phone of phones) {
    assert.deepEqual(await countOf(phone), { consents: 1, subscriptions: 1 });
    assert.equal(await debitsOf(stage, phone), 1);
  }
  await assertInvariants(stage, { confirmed: phones });
});

test('a hundred equal consents at once give one charge', async () => {
  const phone = phoneOf(2);
  const visits = await Promise.all(Array.from({ length: 100 }, () => openPage(stage, phone)));
  const answers = await Promise.all(visits.map((visit) => confirm(stage, visit)));
  assert.ok(answers.every(Boolean));
  await untilQuiet(stage);
  assert.deepEqual(await countOf(phone), { consents: 100, subscriptions: 100 });
  const { rows } = await sql<{ status: string; count: number }>`
    select s.status, count(*)::int as count from subscriptions.subscription s
    join subscriptions.customer c on c.id = s.customer_id
    where c.msisdn = ${`+${phone}`} group by s.status order by s.status`.execute(database.pool);
  assert.deepEqual(rows, [
    { status: 'active', count: 1 },
    { status: 'rejected', count: 99 },
  ]);
  assert.equal(await debitsOf(stage, phone), 1);
  await assertInvariants(stage, { confirmed: [phone] });
});

test('an SMS of a customer delivered twice, also at once, is heard once', async () => {
  const phone = phoneOf(3);
  await subscribe(stage, phone);
  await untilQuiet(stage);
  const deliver = () =>
    fetch(`${stage.site}/v1/operators/mobilink/mo`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ id: 'mo-twice', from: phone, to: '7787', text: 'STOP' }),
    });
  const answers = await Promise.all([deliver(), deliver(), deliver()]);
  await untilQuiet(stage);
  answers.push(await deliver());
  assert.deepEqual(
    answers.map((answer) => answer.status),
    [200, 200, 200, 200],
  );
  await untilQuiet(stage);
  assert.equal((await storyOf(stage, phone))?.status, 'cancelled');
  const { rows } = await sql`
    select x.id from subscriptions.stop x join subscriptions.customer c on c.id = x.customer_id
    where c.msisdn = ${`+${phone}`}`.execute(database.pool);
  assert.equal(rows.length, 1);
  const ends = (await stage.book.delivered()).filter(
    (message) => message.to === phone && /has ended/.test(message.text),
  );
  assert.equal(ends.length, 1);
  await assertInvariants(stage);
});

test('qlistener killed while it writes: every line and every transaction stands there once', async (t) => {
  const phone = phoneOf(4);
  const lines = await hold(t, database, 'lock table reports.timeline in exclusive mode');
  await subscribe(stage, phone);
  await untilBlocked(database, 'reports.timeline');
  await qlistener.kill();
  await lines.release();
  qlistener = await stage.start('qlistener');
  await untilQuiet(stage);
  const { rows } = await sql<{ lines: number; different: number; paid: number }>`
    select count(*)::int as lines, count(distinct (message_id, place, kind, subject))::int as different,
      (select count(*)::int from reports.transaction
        where msisdn = ${`+${phone}`} and result = 'paid') as paid
    from reports.timeline where story = ${`+${phone}`}`.execute(database.pool);
  assert.ok((rows[0]?.lines ?? 0) > 5);
  assert.equal(rows[0]?.lines, rows[0]?.different);
  assert.equal(rows[0]?.paid, 1);
  await assertInvariants(stage, { confirmed: [phone] });
});
