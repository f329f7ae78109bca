import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventLine, pipelineLine } from './event-line.ts';

const WIDE = { columns: Number.POSITIVE_INFINITY };

function event(kind: string, detail: Record<string, unknown> = {}) {
  const at = new Date('2026-11-20T09:00:00.005Z');
  const position = { at: at.toISOString(), messageId: 'm', place: 0 };
  return { at, kind, subject: 'pay_1x3', detail, position };
}

test('columns of different events stand below each other', () => {
  const lines = [
    eventLine(event('payment.accepted', { amount_minor: 500, currency: 'PKR' }), WIDE),
    eventLine(event('subscription.cancelled', { reason: 'stop' }), WIDE),
  ];
  const columns = lines.map((line) => line.indexOf('pay_1x3'));
  assert.equal(columns[0], columns[1]);
  assert.match(lines[0] ?? '', /payment +accepted +pay_1x3 +5\.00 PKR$/);
  assert.match(lines[1] ?? '', /subscription +cancelled +pay_1x3 +stop$/);
});

test('a long id keeps its ends, and its column', () => {
  const line = eventLine({ ...event('hit.access'), subject: `hit_${'0'.repeat(28)}76f4` }, WIDE);
  assert.match(line, /hit_000000…000000076f4$/);
  assert.equal(line.indexOf('hit_'), eventLine(event('hit.access'), WIDE).indexOf('pay_'));
});

test('a text that a stranger wrote can not move the cursor', () => {
  const line = eventLine(event('sms.received', { text: 'a\x1b[2Jb\r\nc\u009b1m' }), WIDE);
  assert.match(line, /"a \[2Jb c 1m"/);
});

test('a narrow terminal gets one line a event', () => {
  const line = eventLine(event('sms.sent', { text: 'long '.repeat(50) }), { columns: 80 });
  assert.equal(line.length, 80);
  assert.ok(line.endsWith('…'));
});

test('why a message waits or does not leave is read on a narrow terminal too, below its line', () => {
  const hours = 'ru-230fz@2/hours: 22:33:11 on Thursday in Asia/Magadan is outside 08:00–22:00';
  const detail = { text: 'long '.repeat(20), decision: [hours, `schedule: ${'x'.repeat(99)}`] };
  const waits = event('sms.deferred', detail);
  const who = { ...waits, story: '+923009102250' };
  for (const told of [eventLine(waits, { columns: 60 }), pipelineLine(who, { columns: 60 })]) {
    const [line = '', ...reasons] = told.split('\n');
    assert.match(line, /sms +deferred/);
    assert.equal(
      reasons
        .slice(0, 2)
        .map((one) => one.trim())
        .join(' '),
      hours,
    );
    assert.match(reasons.at(-1) ?? '', /^ +x+…$/);
    for (const one of [line, ...reasons]) assert.ok(one.length <= 60, one);
  }
  assert.ok(!eventLine(waits, WIDE).includes('\n'));
  const goes = eventLine(event('sms.queued', detail), { columns: 60 });
  assert.ok(!goes.includes('\n'), 'what is allowed needs no words');
});

test("among everybody's the number is masked, and a hit has none", () => {
  const known = pipelineLine({ ...event('hit.access'), story: '+923009102250' }, WIDE);
  assert.match(known, /\+92300···2250 +hit +access/);
  const partner = pipelineLine({ ...event('payout.paid'), story: 'client:demo' }, WIDE);
  assert.match(partner, / demo +payout +paid/);
  const anonymous = pipelineLine({ ...event('hit.access'), story: 'hit_1' }, WIDE);
  assert.equal(anonymous.indexOf(' hit '), known.indexOf(' hit '));
});
