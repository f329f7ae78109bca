import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { sql } from '#database';
import { parseSmsId } from '#sms/message';
import type { SmsOrder } from '#sms/provider';
import { askProviders } from '#sms/reports';
import type { Asked } from '#sms/requests';
import { freeLine, historyOf, openSmsHouse, type ScriptedProvider, stateOf } from '#sms/stage';
import { eventually } from '#testing';
import { loseAnswers } from './record-answers.ts';
import { accountGroup, createSendWorker, type SendWorker } from './send-worker.ts';

const house = await openSmsHouse();
const { clock, context, database, first, sms, until } = house;
const senders: SendWorker[] = [];
const { send } = first;

afterEach(async () => {
  await Promise.all(senders.splice(0).map((sender) => sender.stop()));
  first.send = send;
  first.script.length = 0;
  first.reports = () => [];
});

function startSender(): void {
  const sender = house.senderOf(first);
  senders.push(sender);
  sender.start();
}

const take = (changes: Partial<Asked> = {}) => house.take({ wanted: ['first'], ...changes });
const gotBy = (to: string) => first.handsets.filter(({ recipient }) => recipient === to);
const UNKNOWN = { result: { outcome: 'unknown', reason: 'cut' } } as const;

/** It says that it has never had any of what it is asked about. */
function denyAll(provider: ScriptedProvider): void {
  provider.reports = (questions) =>
    questions.map(({ sms: ours }) => ({ providerMessageId: '', sms: ours, state: 'not_found' }));
}

/** Asks until it is proven; between the questions stands the time that a proof takes. */
async function askTwice(): Promise<void> {
  for (const ms of [6000, 130_000]) {
    clock.advanceMs(ms);
    await askProviders(context, [first]);
  }
}

/** Holds a send until `answer` is called, so that all may happen while it is under way. */
function holdSend(): { readonly begun: Promise<SmsOrder>; readonly answer: () => void } {
  const begun = Promise.withResolvers<SmsOrder>();
  const answered = Promise.withResolvers<void>();
  first.send = async (order) => {
    begun.resolve(order);
    await answered.promise;
    return send(order);
  };
  return { begun: begun.promise, answer: answered.resolve };
}

async function endLease(id: string): Promise<void> {
  await sql`update sms.message set lease_until = clock_timestamp() - interval '1 second'
    where id = ${parseSmsId(id)}`.execute(database.pool);
}

test('a PIN that is proven not to have left goes out with its digits, and is blotted out then', async () => {
  first.script.push(UNKNOWN);
  denyAll(first);
  const body = 'Your code is 481516';
  const { id, to } = await take({ body, class: 'auth', secret: true });
  startSender();
  await until(id, 'unknown');
  await askTwice();
  await until(id, 'accepted');
  assert.deepEqual(
    gotBy(to).map((order) => order.body),
    [body],
  );
  assert.doesNotMatch((await sms.find(id))?.body ?? '', /481516/);
});

test('a PIN of unknown fate that is of no more use is blotted out while its provider is still asked', async () => {
  first.script.push(UNKNOWN);
  const { id } = await take({ body: 'Your code is 481516', class: 'auth', secret: true });
  startSender();
  await until(id, 'unknown');
  clock.advanceMs(3_700_000);
  await askProviders(context, [first]);
  assert.equal(await stateOf(house, id), 'unknown');
  assert.doesNotMatch((await sms.find(id))?.body ?? '', /481516/);
});

test('taken back while it was refused a try, it ends and is not tried again', async () => {
  const held = holdSend();
  first.script.push({ result: { outcome: 'not_sent', fault: 'temporary', reason: 'busy' } });
  const { id, to } = await take();
  startSender();
  await held.begun;
  await database.transaction((tx) => sms.cancel(tx, id));
  held.answer();
  await until(id, 'cancelled');
  assert.equal(gotBy(to).length, 0);
});

test('taken back while its fate is unknown, it is not sent again once that is known', async () => {
  first.script.push(UNKNOWN);
  denyAll(first);
  const { id, to } = await take();
  startSender();
  await until(id, 'unknown');
  await database.transaction((tx) => sms.cancel(tx, id));
  await askTwice();
  await until(id, 'cancelled');
  assert.equal(gotBy(to).length, 0);
});

test('an answer that comes after its lease still counts, and nothing is sent again', async () => {
  const held = holdSend();
  denyAll(first);
  const { id, to } = await take();
  startSender();
  await held.begun;
  await endLease(id);
  await eventually(async () => {
    await loseAnswers(context, first);
    assert.equal(await stateOf(house, id), 'unknown');
  });
  held.answer();
  await until(id, 'accepted');
  await askTwice();
  assert.equal(await stateOf(house, id), 'accepted');
  assert.equal(gotBy(to).length, 1);
});

test('a question about an attempt proves nothing of the next one', async () => {
  first.script.push(UNKNOWN);
  const { id, to } = await take();
  startSender();
  await until(id, 'unknown');
  const slow = Promise.withResolvers<void>();
  const { ask } = first;
  denyAll(first);
  clock.advanceMs(6000);
  await askProviders(context, [first]);
  clock.advanceMs(130_000);
  first.ask = async (questions) => {
    await slow.promise;
    return (await ask?.(questions)) ?? [];
  };
  const late = askProviders(context, [first]);
  await eventually(async () => {
    const row = await sms.find(id);
    assert.equal(row?.questions, 2);
  });
  first.ask = ask as NonNullable<typeof ask>;
  first.script.push({ ...UNKNOWN, leaves: true });
  clock.advanceMs(130_000);
  await askProviders(context, [first]);
  await eventually(async () => {
    const row = await sms.find(id);
    assert.deepEqual([row?.state, row?.attempts], ['unknown', 2]);
  });
  slow.resolve();
  await late;
  assert.equal(await stateOf(house, id), 'unknown');
  assert.equal(gotBy(to).length, 1);
});

test('a receipt of what was thought never to have left keeps it from leaving again', async () => {
  first.script.push(UNKNOWN);
  denyAll(first);
  const { id, to } = await take();
  startSender();
  await until(id, 'unknown');
  await Promise.all(senders.splice(0).map((sender) => sender.stop()));
  await askTwice();
  assert.equal(await stateOf(house, id), 'queued');
  const reports = [{ providerMessageId: 'late-1', sms: id, state: 'delivered' as const }];
  await sms.hear('first', { reports, incoming: [] });
  assert.equal(await stateOf(house, id), 'delivered');
  startSender();
  const other = await take();
  await until(other.id, 'accepted');
  assert.equal(gotBy(to).length, 0);
  assert.deepEqual(await historyOf(house, id), ['queued', 'unknown', 'queued', 'delivered']);
});

test('what has to wait for its call until its time is over does not leave', async () => {
  const { id, to } = await take();
  let grants = 0;
  const line = freeLine(first, {
    // Slow enough that its grant is no longer fresh, so that it waits for another.
    share: async (orders) => {
      await new Promise((done) => setTimeout(done, 150));
      return orders.map(() => 0);
    },
    async take() {
      grants += 1;
      if (grants === 2) clock.advanceMs(7_200_000);
      return 1;
    },
  });
  const sender = createSendWorker({ ...house, line, group: accountGroup('first') });
  senders.push(sender);
  sender.start();
  await until(id, 'expired');
  assert.equal(gotBy(to).length, 0);
  assert.deepEqual(await historyOf(house, id), ['queued', 'queued', 'expired']);
});

test('to wait for the share of its sender is no news: its history and its caller hear of it once', async () => {
  const { id, to } = await take();
  let waits = 3;
  const line = freeLine(first, {
    take: async () => 1,
    async share(orders) {
      waits -= 1;
      return orders.map(() => (waits >= 0 ? 1000 : 0));
    },
  });
  const sender = createSendWorker({ ...house, line, group: accountGroup('first') });
  senders.push(sender);
  sender.start();
  await eventually(
    async () => {
      clock.advanceMs(1000);
      assert.equal(await stateOf(house, id), 'accepted');
    },
    { timeoutMs: 20_000 },
  );
  assert.equal(gotBy(to).length, 1);
  assert.deepEqual(await historyOf(house, id), ['queued', 'accepted']);
});
