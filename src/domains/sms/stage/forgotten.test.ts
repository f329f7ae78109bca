import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { sql } from '#database';
import { parseSmsId } from '#sms/message';
import { askProviders } from '#sms/reports';
import { createIntake } from '#sms/requests';
import { loseAnswers, type SendWorker } from '#sms/sending';
import { createClerk, wakeDeferred } from '#sms/upkeep';
import { eventually } from '#testing';
import { askedMessage, historyOf, openSmsHouse, stateOf } from './fixture.ts';

// What could be forgotten, held up, or sent once more: each of these once was.

const house = await openSmsHouse();
const { clock, context, database, first, second, sms, take, until } = house;
const real = { send: first.send, ask: first.ask };
let senders: SendWorker[] = [];

function startSenders(): void {
  senders = [house.senderOf(first), house.senderOf(second)];
  for (const sender of senders) sender.start();
}

afterEach(async () => {
  await Promise.all(senders.map((sender) => sender.stop()));
  senders = [];
  Object.assign(first, real);
  for (const provider of [first, second]) {
    provider.script.length = 0;
    provider.admitting = true;
    provider.reports = () => [];
  }
});

const timesOn = (to: string) =>
  [...first.handsets, ...second.handsets].filter(({ recipient }) => recipient === to).length;

test('wanted back during a call that certainly did not send: it ends, and does not wait for ever', async () => {
  first.send = async (order) => {
    await database.transaction((tx) => sms.cancel(tx, order.sms));
    return { result: { outcome: 'not_sent', fault: 'temporary', reason: 'down' }, log: [] };
  };
  startSenders();
  const { id, to } = await take();
  await until(id, 'cancelled');
  assert.equal(timesOn(to), 0);
});

test('who was slow to ask does not send again what somebody else has sent meanwhile', async () => {
  startSenders();
  first.script.push({ result: { outcome: 'unknown', reason: 'cut' } });
  const { id, to } = await take();
  await until(id, 'unknown');
  const strangers: NonNullable<typeof first.ask> = async (questions) =>
    questions.map(({ sms: ours }) => ({ providerMessageId: '', sms: ours, state: 'not_found' }));
  const ask = async () => {
    clock.advanceMs(600_000);
    await askProviders(context, [first]);
  };
  first.ask = strangers;
  await ask();
  first.ask = async (questions) => {
    first.ask = strangers;
    first.script.push({ result: { outcome: 'unknown', reason: 'cut' }, leaves: true });
    await ask();
    await eventually(async () => assert.equal((await sms.find(id))?.attempts, 2));
    await until(id, 'unknown');
    return strangers(questions);
  };
  await ask();
  assert.equal(await stateOf(house, id), 'unknown');
  assert.equal(timesOn(to), 1);
});

test('a yes that comes after its lease has ended counts', async () => {
  first.send = async (order) => {
    await sql`update sms.message set lease_until = '-infinity' where id = ${parseSmsId(order.sms)}`.execute(
      database.pool,
    );
    await loseAnswers(context, first);
    assert.equal(await stateOf(house, order.sms), 'unknown');
    return real.send(order);
  };
  startSenders();
  const { id, to } = await take();
  await until(id, 'accepted');
  assert.equal(timesOn(to), 1);
  assert.deepEqual(await historyOf(house, id), ['queued', 'unknown', 'accepted']);
});

test('before providers that take nothing a message waits no longer than it is of use', async () => {
  first.admitting = false;
  second.admitting = false;
  startSenders();
  const { id, to } = await take({ expiresAt: new Date(clock.nowMs() + 60_000) });
  clock.advanceMs(61_000);
  await until(id, 'expired');
  assert.equal(timesOn(to), 0);
});

test('what a dead sender had claimed goes another way when its provider takes nothing', async () => {
  const { id, to } = await take();
  await sql`update sms.message set state = 'claimed', lease_until = '-infinity' where id = ${parseSmsId(id)}`.execute(
    database.pool,
  );
  first.admitting = false;
  startSenders();
  await until(id, 'accepted');
  assert.equal(timesOn(to), 1);
  assert.equal((await sms.find(id))?.provider, 'second');
});

test('a receipt by our own id and the answer to the same message never wait for each other', async () => {
  let gate: Awaited<ReturnType<typeof database.connect>> | undefined;
  let providerMessageId = '';
  first.send = async (order) => {
    gate = await database.connect();
    await gate.query(
      `begin; select from sms.message where id = ${parseSmsId(order.sms)} for update`,
    );
    const answer = await real.send(order);
    if (answer.result.outcome === 'accepted')
      [providerMessageId = ''] = answer.result.providerMessageIds;
    return answer;
  };
  startSenders();
  const { id } = await take();
  await untilBlocked(1);
  const report = { providerMessageId, sms: id, state: 'delivered' } as const;
  const hearing = sms.hear('first', { reports: [report], incoming: [] });
  await untilBlocked(2);
  await gate?.query('commit');
  await gate?.end();
  await hearing;
  await until(id, 'delivered');
  await assertNoDeadlock();
});

test('a provider that never answers a question holds up neither the deferred nor other providers', async () => {
  startSenders();
  first.script.push({ result: { outcome: 'unknown', reason: 'timeout' }, leaves: true });
  const lost = await take();
  await until(lost.id, 'unknown');
  let asked = 0;
  first.ask = () => {
    asked += 1;
    return new Promise(() => {});
  };
  const clerk = createClerk({ context, providers: () => [first, second], intervalMs: 20 });
  clerk.start();
  clock.advanceMs(10_000);
  await eventually(() => assert.equal(asked, 1));
  const { id } = await take({ notBefore: new Date(clock.nowMs() + 60_000) });
  assert.equal(await stateOf(house, id), 'deferred');
  clock.advanceMs(61_000);
  await until(id, 'accepted');
  await clerk.stop();
});

test('the deferred of a provider that is full do not hold up those of another one', async () => {
  const at = new Date(clock.nowMs() + 60_000);
  const messages = Array.from({ length: 520 }, () => askedMessage({ wanted: ['first'] }));
  const later = { notBefore: at, expiresAt: new Date(at.getTime() + 3_600_000) };
  await sms.intake.take(messages.map((message) => ({ ...message, ...later })));
  clock.advanceMs(61_000);
  const { id } = await take({
    ...{ wanted: ['second'], notBefore: new Date(clock.nowMs() + 1000) },
  });
  clock.advanceMs(2000);
  const slow = (name: string) => (name === 'first' ? 0.1 : 1000);
  const slowly = { ...context, routes: { ...context.routes, perSecond: slow } };
  for (let turn = 0; turn < 3; turn += 1) await wakeDeferred(slowly);
  assert.equal(await stateOf(house, id), 'queued');
});

test('two copies that take the same messages in another order never wait for each other', async () => {
  const copies = [createIntake(context), createIntake(context)];
  for (let round = 0; round < 4; round += 1) {
    const messages = Array.from({ length: 400 }, () => askedMessage());
    const gate = await database.connect();
    await gate.query('begin; lock table sms.message in exclusive mode');
    const taking = Promise.all(
      copies.map((copy, at) => copy.take(at === 0 ? messages : messages.toReversed())),
    );
    await untilBlocked(2);
    await gate.query('commit');
    await gate.end();
    const ids = (await taking).map((taken) => taken.map((one) => one.sms).toSorted());
    assert.deepEqual(ids[0], ids[1]);
  }
  await assertNoDeadlock();
});

async function assertNoDeadlock(): Promise<void> {
  const { rows } = await sql<{ deadlocks: bigint }>`
    select deadlocks from pg_stat_database where datname = current_database()`.execute(
    database.pool,
  );
  assert.equal(rows[0]?.deadlocks, 0n);
}

const untilBlocked = (count: number) =>
  eventually(async () => assert.equal(await countBlocked(), count), { timeoutMs: 20_000 });

async function countBlocked(): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*)::int as count from pg_stat_activity
    where datname = current_database() and wait_event_type = 'Lock'`.execute(database.pool);
  return rows[0]?.count ?? 0;
}
