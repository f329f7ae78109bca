import assert from 'node:assert/strict';
import { test } from 'node:test';
import { silentLog } from '#log';
import { type AnyPdu, decodePdu, encodePdu, type SmppSession, STATUSES } from '#smpp';
import type { MobileOriginated, StatusReport } from '#sms/provider';
import { eventually } from '#testing';
import { Incoming, type SmppListener } from './incoming.ts';
import { messageIdsOf } from './message-ids.ts';
import { cutMessage } from './parts.ts';
import { Redeliveries } from './redeliveries.ts';
import { type SmppSettings, withDefaults } from './settings.ts';

const base = withDefaults({ host: 'centre', system_id: 'kopek' });
const LONG = 'ж'.repeat(150);
const LONG_MS = 60_000;

/** A session that keeps what it is told, and ends when a test says so. */
function standIn() {
  const answers: [number, number][] = [];
  const session = {
    ended: false,
    respond: (pdu: AnyPdu, { status = 0 } = {}) => void answers.push([pdu.sequence, status]),
    refuse: (sequence: number, status: number) => void answers.push([sequence, status]),
  };
  return { answers, session: session as unknown as SmppSession, end: () => (session.ended = true) };
}

function open(settings: Partial<SmppSettings> = {}, listener?: SmppListener) {
  const said = { incoming: [] as MobileOriginated[], reports: [] as StatusReport[] };
  const incoming = new Incoming({
    ...{ settings: { ...base, join_timeout_ms: LONG_MS, ...settings } },
    ...{ ids: messageIdsOf({}), log: silentLog(), name: 'centre' },
  });
  incoming.listener =
    listener ??
    (async ({ incoming: messages, reports }) => {
      said.incoming.push(...messages);
      said.reports.push(...reports);
    });
  return { incoming, said };
}

let sequence = 0;

/** The parts of a text as a handset's centre delivers them. */
function written(text: string, reference = 7): AnyPdu[] {
  return cutMessage(text, reference, base).map(({ dataCoding, hasHeader, shortMessage }) => {
    sequence += 1;
    const body = {
      ...{ dataCoding, shortMessage, esmClass: hasHeader ? 0x40 : 0 },
      ...{ sourceTon: 1, source: '79161234567', destination: '7787' },
    };
    const read = decodePdu(encodePdu({ command: 'deliver_sm', sequence, body }));
    assert.ok(read.outcome === 'pdu');
    return read.pdu;
  });
}

async function untilAnswered(answers: readonly unknown[], count: number): Promise<void> {
  await eventually(() => assert.equal(answers.length, count), { timeoutMs: 20_000 });
}

test('a message is acknowledged after it has been stored, and not before', async () => {
  let stored: (() => void) | undefined;
  const { incoming } = open({}, () => new Promise((done) => (stored = done)));
  const { answers, session } = standIn();
  for (const pdu of written('STOP')) incoming.take(pdu, session);
  await eventually(() => assert.ok(stored));
  assert.deepEqual(answers, []);
  stored?.();
  await untilAnswered(answers, 1);
  assert.equal(answers[0]?.[1], 0);
});

test('what can’t be stored is refused for the moment, and has the same id when it comes again', async () => {
  const ids: string[] = [];
  let broken = true;
  const { incoming } = open({}, async (said) => {
    ids.push(...said.incoming.map(({ id }) => id));
    if (broken) throw new Error('the database is away');
  });
  const { answers, session } = standIn();
  for (const pdu of written('STOP')) incoming.take(pdu, session);
  await untilAnswered(answers, 1);
  assert.equal(answers[0]?.[1], STATUSES.ESME_RX_T_APPN);
  broken = false;
  for (const pdu of written('STOP')) incoming.take(pdu, session);
  await untilAnswered(answers, 2);
  assert.equal(answers[1]?.[1], 0);
  assert.equal(new Set(ids).size, 1);
});

test('one that can’t be stored does not hold up its neighbours', async () => {
  const stored: string[] = [];
  const { incoming } = open({}, async (said) => {
    if (said.incoming.some(({ text }) => text === 'poison')) throw new Error('poison');
    stored.push(...said.incoming.map(({ text }) => text));
  });
  const { answers, session } = standIn();
  for (const text of ['a', 'b', 'poison', 'c', 'd'])
    for (const pdu of written(text)) incoming.take(pdu, session);
  await untilAnswered(answers, 5);
  assert.deepEqual(stored.toSorted(), ['a', 'b', 'c', 'd']);
  assert.equal(answers.filter(([, status]) => status !== 0).length, 1);
});

test('without a listener everything is refused for the moment', async () => {
  const { incoming } = open();
  incoming.listener = undefined;
  const { answers, session } = standIn();
  for (const pdu of written('STOP')) incoming.take(pdu, session);
  await untilAnswered(answers, 1);
  assert.equal(answers[0]?.[1], STATUSES.ESME_RX_T_APPN);
});

test('a long message is handed up whole, in whatever order its parts come, and each is acknowledged', async () => {
  const { incoming, said } = open();
  const { answers, session } = standIn();
  const [first, second, third] = written(LONG);
  for (const pdu of [third, first]) if (pdu) incoming.take(pdu, session);
  assert.deepEqual(answers, [], 'no part is acknowledged before the message is stored');
  // A part that comes again meanwhile is acknowledged too, and counts once.
  for (const pdu of [first, second]) if (pdu) incoming.take(pdu, session);
  await untilAnswered(answers, 4);
  assert.deepEqual(
    said.incoming.map(({ from, text, to }) => ({ from, text, to })),
    [{ from: '+79161234567', to: '7787', text: LONG }],
  );
});

test('parts of different messages and senders are not mixed', async () => {
  const { incoming, said } = open();
  const { answers, session } = standIn();
  const other = 'ю'.repeat(140);
  const [a, b] = [written(LONG, 1), written(other, 2)];
  for (let at = 0; at < 3; at += 1)
    for (const pdu of [a[at], b[at]]) if (pdu) incoming.take(pdu, session);
  await untilAnswered(answers, a.length + b.length);
  assert.deepEqual(said.incoming.map(({ text }) => text).toSorted(), [LONG, other].toSorted());
});

test('when the others do not come in time, parts are handed up as they are, neighbours together', async () => {
  const { incoming, said } = open({ join_timeout_ms: 30 });
  const { answers, session } = standIn();
  const parts = written('ж'.repeat(67 * 4));
  for (const pdu of [parts[0], parts[1], parts[3]]) if (pdu) incoming.take(pdu, session);
  await untilAnswered(answers, 3);
  assert.deepEqual(
    said.incoming.map(({ text }) => text.length),
    [134, 67],
  );
  assert.ok(answers.every(([, status]) => status === 0));
});

test('parts of a session that has ended are forgotten: the centre sends them again', async () => {
  const { incoming, said } = open();
  const [before, after] = [standIn(), standIn()];
  const [first, second, third] = written(LONG);
  for (const pdu of [first, second]) if (pdu) incoming.take(pdu, before.session);
  before.end();
  for (const pdu of [third, first]) if (pdu) incoming.take(pdu, after.session);
  await incoming.close();
  assert.deepEqual(
    said.incoming.map(({ text }) => text.length),
    [67, 16],
  );
  assert.deepEqual(before.answers, []);
});

test('what waits for its other parts is handed up at the end', async () => {
  const { incoming, said } = open();
  const { answers, session } = standIn();
  const [first] = written(LONG);
  if (first) incoming.take(first, session);
  await incoming.close();
  await untilAnswered(answers, 1);
  assert.equal(said.incoming[0]?.text, 'ж'.repeat(67));
});

test('a command that is not for us is refused, and an alert is not answered', () => {
  const { incoming } = open();
  const { answers, session } = standIn();
  for (const command of ['query_sm', 'alert_notification', 'outbind'] as const) {
    const read = decodePdu(encodePdu({ command, sequence: 5 }));
    if (read.outcome === 'pdu') incoming.take(read.pdu, session);
  }
  assert.deepEqual(answers, [[5, STATUSES.ESME_RINVCMDID]]);
});

test('a receipt without an id is acknowledged and forgotten', async () => {
  const { incoming, said } = open();
  const { answers, session } = standIn();
  const body = { esmClass: 4, shortMessage: Buffer.from('whatever') };
  const read = decodePdu(encodePdu({ command: 'deliver_sm', sequence: 9, body }));
  if (read.outcome === 'pdu') incoming.take(read.pdu, session);
  await untilAnswered(answers, 1);
  assert.deepEqual([answers[0], said.reports], [[9, 0], []]);
});

test('the same words again are another message, unless there is a reason to think that they came twice', () => {
  const [one, other] = [{}, {}];
  const stop = ['+79161234567', '7787', 'STOP'];
  const known = new Redeliveries();
  const first = known.take(stop, one, 0);
  assert.equal(known.take(stop, one, 10).id, first.id, 'not answered yet');
  first.answered('refused', 20);
  assert.equal(known.take(stop, one, 30).id, first.id, 'refused before');
  first.answered('stored', 100);
  const second = known.take(stop, one, 5000);
  assert.notEqual(second.id, first.id, 'stored, and the session goes on');
  second.answered('stored', 5010);
  assert.equal(known.take(stop, other, 60_000).id, second.id, 'the answer may be lost');
  second.answered('stored', 60_010);
  assert.notEqual(known.take(stop, {}, 60_010 + 130_000).id, second.id, 'too long ago');
  const slow = known.take(['a', 'b', 'c'], one, 0);
  slow.answered('stored', 5000);
  assert.equal(known.take(['a', 'b', 'c'], one, 5001).id, slow.id, 'answered late');
});

test('no more than ten thousand messages are remembered', () => {
  const known = new Redeliveries();
  const session = {};
  const first = known.take(['0'], session, 0);
  for (let at = 1; at <= 10_000; at += 1) known.take([String(at)], session, at);
  assert.notEqual(known.take(['0'], session, 10_001).id, first.id);
});
