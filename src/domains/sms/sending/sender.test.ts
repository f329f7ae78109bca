import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { sql } from '#database';
import type { SmsFault } from '#sms/provider';
import type { Asked } from '#sms/requests';
import { askedMessage, historyOf, NOW, openSmsHouse, stateOf } from '#sms/stage';
import { eventually } from '#testing';
import type { SendWorker } from './send-worker.ts';

const house = await openSmsHouse();
const { clock, database, first, second, sms, take, until } = house;
let senders: SendWorker[] = [];

beforeEach(() => {
  senders = [house.senderOf(first), house.senderOf(second)];
  for (const sender of senders) sender.start();
});
afterEach(async () => {
  await Promise.all(senders.map((sender) => sender.stop()));
  for (const provider of [first, second]) {
    provider.script.length = 0;
    provider.admitting = true;
    provider.reports = () => [];
  }
});
house.clerk.start();

/** Handsets' view: through whom this number has got messages. */
const gotBy = (to: string) =>
  [first, second].flatMap(({ handsets, name }) =>
    handsets.filter(({ recipient }) => recipient === to).map(() => name),
  );

async function providerIdOf(id: string): Promise<string> {
  const row = await sms.find(id);
  return row?.provider_message_id ?? '';
}

function notSent(fault: SmsFault) {
  return { result: { outcome: 'not_sent', fault, reason: `because_${fault}` } } as const;
}

/** Until it stood so long that its provider can say for sure. */
async function passTime(ms: number): Promise<void> {
  clock.advanceMs(ms);
}

test('a message goes out once, and its receipts tell the rest', async () => {
  const { id, to } = await take();
  await until(id, 'accepted');
  const providerMessageId = await providerIdOf(id);
  for (const state of ['sent', 'delivered', 'delivered', 'sent'] as const)
    await sms.hear('first', { reports: [{ providerMessageId, state }], incoming: [] });
  assert.deepEqual(await historyOf(house, id), ['queued', 'accepted', 'sent', 'delivered']);
  assert.deepEqual(gotBy(to), ['first']);
  assert.ok(first.handsets.at(-1)?.validUntil, 'the provider is told until when');
});

for (const fault of ['temporary', 'unreachable', 'throttled', 'account', 'message'] as const) {
  test(`after ${fault} it has certainly not left: the next provider brings it`, async () => {
    first.script.push(notSent(fault));
    const { id, to } = await take();
    await until(id, 'accepted');
    assert.deepEqual(gotBy(to), ['second']);
    assert.deepEqual(await historyOf(house, id), ['queued', 'queued', 'accepted']);
  });
}

test('what is wrong with the recipient is wrong with every provider', async () => {
  first.script.push(notSent('recipient'));
  const { id, to } = await take();
  await until(id, 'rejected');
  assert.equal((await sms.find(id))?.error, 'because_recipient');
  assert.deepEqual(gotBy(to), []);
});

test('when all have said no the first is tried again, later', async () => {
  first.script.push(notSent('temporary'));
  second.script.push(notSent('temporary'));
  const { id, to } = await take();
  await eventually(async () => {
    clock.advanceMs(500);
    assert.equal(await stateOf(house, id), 'accepted');
  });
  assert.equal(gotBy(to).length, 1);
});

test('a message that may have left is not sent again, and who has it is asked', async () => {
  first.script.push({ result: { outcome: 'unknown', reason: 'timeout' }, leaves: true });
  const { id, to } = await take();
  await until(id, 'unknown');
  first.reports = (questions) =>
    questions.map(({ sms: ours }) => ({
      ...{ providerMessageId: `late-${ours}`, sms: ours, state: 'delivered' },
    }));
  await passTime(6000);
  await until(id, 'delivered');
  assert.deepEqual(gotBy(to), ['first']);
  assert.deepEqual(await historyOf(house, id), ['queued', 'unknown', 'delivered']);
  const [question] = first.asked.filter(({ sms: ours }) => ours === id);
  assert.deepEqual([question?.recipient, question?.sender], [to, 'ALFA']);
});

test('proven never to have left it goes out, once', async () => {
  first.script.push({ result: { outcome: 'unknown', reason: 'cut' } });
  first.reports = (questions) =>
    questions.map(({ sms: ours }) => ({ providerMessageId: '', sms: ours, state: 'not_found' }));
  const { id, to } = await take();
  await until(id, 'unknown');
  const askedBefore = first.asked.length;
  await passTime(6000);
  await eventually(async () => assert.ok(first.asked.length > askedBefore));
  assert.equal(await stateOf(house, id), 'unknown', 'once may be too early');
  await passTime(130_000);
  await until(id, 'accepted');
  assert.deepEqual(gotBy(to), ['first']);
  assert.deepEqual(await historyOf(house, id), ['queued', 'unknown', 'queued', 'accepted']);
});

test('a receipt that is faster than the answer is kept and counts', async () => {
  const { send } = first;
  const { id } = await (async () => {
    first.send = async (order) => {
      const answer = await send(order);
      if (answer.result.outcome === 'accepted') {
        const [providerMessageId = ''] = answer.result.providerMessageIds;
        await sms.hear('first', {
          reports: [{ providerMessageId, state: 'delivered' }],
          incoming: [],
        });
      }
      return answer;
    };
    return take();
  })();
  await until(id, 'delivered');
  first.send = send;
  const { rows } = await sql`select from sms.parked_report`.execute(database.pool);
  assert.equal(rows.length, 0);
});

test('a message in parts is delivered when all of them are', async () => {
  first.script.push({ result: { outcome: 'accepted', providerMessageIds: ['p-1', 'p-2', 'p-3'] } });
  const { id } = await take();
  await until(id, 'accepted');
  const say = (providerMessageId: string, state: 'delivered' | 'expired') =>
    sms.hear('first', { reports: [{ providerMessageId, state }], incoming: [] });
  await say('p-2', 'delivered');
  await say('p-1', 'delivered');
  assert.equal(await stateOf(house, id), 'sent');
  await say('p-3', 'delivered');
  assert.equal(await stateOf(house, id), 'delivered');
});

test('a provider that takes nothing now gives its messages to one that does', async () => {
  first.admitting = false;
  const { id, to } = await take();
  await until(id, 'accepted');
  assert.deepEqual(gotBy(to), ['second']);
});

test('messages that stood before a provider when it fell ill go another way', async () => {
  await Promise.all(senders.map((sender) => sender.stop()));
  const taken = await Promise.all(Array.from({ length: 5 }, () => take()));
  first.admitting = false;
  senders = [house.senderOf(first), house.senderOf(second)];
  for (const sender of senders) sender.start();
  for (const { id, to } of taken) {
    await until(id, 'accepted');
    assert.deepEqual(gotBy(to), ['second']);
  }
});

test('a message that one has turned away goes back to it when the other takes nothing at all', async () => {
  first.script.push(notSent('temporary'));
  second.script.push(notSent('account'));
  const { id, to } = await take();
  second.admitting = false;
  await eventually(async () => {
    clock.advanceMs(1000);
    assert.equal(await stateOf(house, id), 'accepted');
  });
  assert.deepEqual(gotBy(to), ['first']);
});

test('what is of no use any more is not sent', async () => {
  await Promise.all(senders.map((sender) => sender.stop()));
  const { id, to } = await take({ expiresAt: new Date(clock.nowMs() + 60_000) });
  await passTime(61_000);
  senders = [house.senderOf(first)];
  senders[0]?.start();
  await until(id, 'expired');
  assert.deepEqual(gotBy(to), []);
});

test('taken back before it leaves it never leaves; on its way its provider is asked to drop it', async () => {
  await Promise.all(senders.map((sender) => sender.stop()));
  const { id, to } = await take();
  await database.transaction((tx) => sms.cancel(tx, id));
  assert.equal(await stateOf(house, id), 'cancelled');
  senders = [house.senderOf(first)];
  senders[0]?.start();
  const sent = await take();
  await until(sent.id, 'accepted');
  assert.deepEqual(gotBy(to), []);
  await database.transaction((tx) => sms.cancel(tx, sent.id));
  await until(sent.id, 'cancelled');
  const [revoked] = first.revoked.filter(({ sms: ours }) => ours === sent.id);
  assert.deepEqual([revoked?.recipient, revoked?.sender], [sent.to, 'ALFA']);
  await assert.rejects(
    database.transaction(async (tx) => {
      const done = await take();
      await until(done.id, 'accepted');
      await sms.hear('first', {
        reports: [{ providerMessageId: await providerIdOf(done.id), state: 'delivered' }],
        incoming: [],
      });
      await sms.cancel(tx, done.id);
    }),
    { code: 'sms_ended' },
  );
});

test('a number that says STOP while its message waits gets it no more', async () => {
  await Promise.all(senders.map((sender) => sender.stop()));
  const { id, to } = await take({ class: 'service' });
  await sms.receive({
    provider: 'first',
    id: `mo-${id}`,
    msisdn: to,
    shortCode: '1',
    text: 'Stop!',
  });
  senders = [house.senderOf(first)];
  senders[0]?.start();
  await until(id, 'rejected');
  assert.equal((await sms.find(id))?.error, 'suppressed');
  assert.deepEqual(gotBy(to), []);
});

test('outside of the standard time it waits for the opening, and leaves then', async () => {
  const { rules } = house;
  const save = (standardTime?: Record<string, readonly (readonly [string, string])[]>) =>
    database.transaction((tx) =>
      rules.saveEntity(
        tx,
        {
          ...{ key: 'alfa', name: 'Alfa' },
          settings: standardTime
            ? { zone: 'Asia/Karachi', standardTime: standardTime as never }
            : {},
        },
        'test',
      ),
    );
  clock.set(new Date('2026-03-03T20:00:00Z'));
  await save({ work: [['09:00', '18:00']], off: [['09:00', '18:00']] });
  await rules.refresh();
  const { id, to } = await take({
    class: 'service',
    expiresAt: new Date(clock.nowMs() + 86_400_000),
  });
  assert.equal(await stateOf(house, id), 'deferred');
  clock.set(new Date('2026-03-04T03:59:00Z'));
  await new Promise((done) => setTimeout(done, 200));
  assert.equal(await stateOf(house, id), 'deferred');
  clock.set(new Date('2026-03-04T04:16:00Z'));
  await until(id, 'accepted');
  assert.deepEqual(gotBy(to), ['first']);
  const order = first.handsets.find(({ recipient }) => recipient === to);
  assert.ok(
    (order?.validUntil ?? NOW) <= new Date('2026-03-04T13:00:00Z'),
    'never past the window',
  );
  await save();
  await rules.refresh();
});

test('asked again under its reference the same message answers; another text is a conflict', async () => {
  const message = askedMessage({ expiresAt: new Date(clock.nowMs() + 3_600_000) });
  const [one, again] = await Promise.all([sms.intake.take([message]), sms.intake.take([message])]);
  const [third] = await sms.intake.take([message]);
  assert.equal(one[0]?.outcome, 'taken');
  assert.deepEqual([again[0]?.sms, third?.sms], [one[0]?.sms, one[0]?.sms]);
  const [other] = await sms.intake.take([{ ...message, body: 'something else' }]);
  assert.deepEqual(other, { outcome: 'conflict', sms: one[0]?.sms });
  await until(one[0]?.sms ?? '', 'accepted');
  assert.equal(gotBy(message.recipient).length, 1);
});

test('an entity, a provider or a sender that is not allowed is refused with its reason', async () => {
  const reasons: readonly [Partial<Asked>, string][] = [
    [{ entity: 'nobody' }, 'entity_unknown'],
    [{ wanted: ['third'] }, 'provider_not_allowed'],
    [{ sender: 'BANK' }, 'sender_not_registered'],
  ];
  for (const [changes, reason] of reasons) {
    const { id } = await take(changes);
    const row = await sms.find(id);
    assert.deepEqual([row?.state, row?.error], ['rejected', reason]);
  }
});
