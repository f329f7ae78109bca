import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Decision, evaluate, type Facts, type RuleRequest } from '#rules/decision';
import { alfa, bookOf, debtRequest, factsOf, setOf, windowRule } from './fixture.ts';

/** How long the opening of a window is spread by the laws that come with Kopek. */
const SPREAD_MS = 15 * 60_000;

function decide(
  at: string,
  request: Partial<RuleRequest> = {},
  facts: Partial<Facts> = {},
): Decision {
  const now = new Date(at);
  return evaluate(debtRequest({ at: now, ...request }), factsOf(facts), now);
}

function assertSends(decision: Decision, validUntil: string): void {
  assert.equal(decision.outcome, 'send', JSON.stringify(decision.trace, null, 1));
  assert.equal(
    decision.outcome === 'send' && decision.validUntil.toISOString(),
    new Date(validUntil).toISOString(),
  );
}

/** Deferred to an opening and spread over no more than the law's share of the window. */
function assertOpens(decision: Decision, opening: string): void {
  assert.ok(decision.outcome === 'defer', JSON.stringify(decision, null, 1));
  const lateMs = decision.notBefore.getTime() - Date.parse(opening);
  assert.ok(lateMs >= 0 && lateMs < SPREAD_MS, `${decision.notBefore.toISOString()}, ${opening}`);
}

test('Saturday 1 November 2025 is a working day: 08:00 to 22:00', () => {
  assertSends(decide('2025-11-01T08:30:00+03:00'), '2025-11-01T22:00:00+03:00');
  assertSends(decide('2025-11-01T21:30:00+03:00'), '2025-11-01T22:00:00+03:00');
});

test('Friday 2 May 2025 is a day off: 09:00 to 20:00', () => {
  assertOpens(decide('2025-05-02T08:30:00+03:00'), '2025-05-02T09:00:00+03:00');
  assertSends(decide('2025-05-02T19:30:00+03:00'), '2025-05-02T20:00:00+03:00');
  assertOpens(decide('2025-05-02T20:00:00+03:00'), '2025-05-03T09:00:00+03:00');
});

test('Monday 9 March 2026, to which the holiday was moved, is a day off', () => {
  assertOpens(decide('2026-03-09T08:59:59.999+03:00'), '2026-03-09T09:00:00+03:00');
  assertSends(decide('2026-03-09T09:00:00+03:00'), '2026-03-09T20:00:00+03:00');
});

test('31 December 2025 is a day off, and a message of that evening waits for New Year’s morning', () => {
  assertOpens(decide('2025-12-31T21:00:00+03:00'), '2026-01-01T09:00:00+03:00');
});

test('a window is open from its first millisecond up to, not including, its last', () => {
  const rulebook = bookOf(setOf([windowRule({ calendar: 'RU' })]));
  const outcome = (at: string) => decide(at, {}, { rulebook }).outcome;
  assert.equal(outcome('2026-03-10T07:59:59.999+03:00'), 'defer');
  assert.equal(outcome('2026-03-10T08:00:00.000+03:00'), 'send');
  assert.equal(outcome('2026-03-10T21:59:59.999+03:00'), 'send');
  assert.equal(outcome('2026-03-10T22:00:00.000+03:00'), 'defer');
});

test('in the last ten minutes nothing is sent, so that nothing arrives after the hours', () => {
  assertSends(decide('2026-03-10T21:50:00+03:00'), '2026-03-10T22:00:00+03:00');
  assertOpens(decide('2026-03-10T21:50:00.001+03:00'), '2026-03-11T08:00:00+03:00');
});

test('the switch for delivery after the hours lets the validity reach past the window, not the sending', () => {
  const entity = { ...alfa, switches: { 'ru-230fz/delivery-after-window': 'allowed' } };
  const at = '2026-03-10T21:59:00+03:00';
  const expiresAt = new Date('2026-03-11T03:00:00+03:00');
  assertSends(decide(at, { expiresAt }, { entity }), '2026-03-11T03:00:00+03:00');
  assert.equal(decide('2026-03-10T22:00:00+03:00', {}, { entity }).outcome, 'defer');
});

test('the hours are those of the debtor: in Kamchatka it is tomorrow already, and a day off', () => {
  // Friday 23:30 in Moscow is Saturday 08:30 in Kamchatka.
  const request = { region: 'RU-KAM' };
  assertOpens(decide('2026-03-13T23:30:00+03:00', request), '2026-03-14T09:00:00+12:00');
  assertSends(decide('2026-03-14T00:30:00+03:00', request), '2026-03-14T20:00:00+12:00');
  assertOpens(decide('2026-03-13T13:30:00+03:00', request), '2026-03-14T09:00:00+12:00');
});

test('an explicit zone goes before the region, the region before the number', () => {
  const at = '2026-03-10T06:30:00Z'; // 09:30 in Moscow, 08:30 in Kaliningrad, 18:30 in Kamchatka
  assertSends(decide(at), '2026-03-10T22:00:00+03:00');
  assertSends(decide(at, { region: 'RU-KAM' }), '2026-03-10T22:00:00+12:00');
  const both = { region: 'RU-KAM', timeZone: 'Europe/Kaliningrad' };
  assertSends(decide(at, both), '2026-03-10T22:00:00+02:00');
  // What is no zone is no source.
  assertSends(decide(at, { ...both, timeZone: 'Europe/Kaliningrat' }), '2026-03-10T22:00:00+12:00');
});

test('a number of Kazakhstan is not Russia’s, and has its own time', () => {
  const standardTime = { work: [['09:00', '21:00']], off: [['09:00', '21:00']] };
  const entity = { ...alfa, standardTime };
  const decision = decide('2026-03-10T03:30:00Z', { recipient: '+77011234567' }, { entity });
  assertOpens(decision, '2026-03-10T09:00:00+05:00');
  assert.ok(decision.trace.every(({ rule }) => !rule.startsWith('ru-')));
});

test('Yakutia has three times, and all of them must agree', () => {
  const request = { region: 'RU-SA' };
  // 08:00 in Yakutsk (+9) to 22:00 in Srednekolymsk (+11).
  assertOpens(decide('2026-03-10T07:59:00+09:00', request), '2026-03-10T08:00:00+09:00');
  assertSends(decide('2026-03-10T08:00:00+09:00', request), '2026-03-10T22:00:00+11:00');
  assertSends(decide('2026-03-10T19:50:00+09:00', request), '2026-03-10T22:00:00+11:00');
  assertOpens(decide('2026-03-10T19:51:00+09:00', request), '2026-03-11T08:00:00+09:00');
});

test('where nothing tells the region, what suits all of Russia is left: 06:00 to 10:00 UTC, an hour on a day off', () => {
  const request = { recipient: '+79001234567' };
  assertOpens(decide('2026-03-10T05:59:00Z', request), '2026-03-10T06:00:00Z');
  assertSends(decide('2026-03-10T09:50:00Z', request), '2026-03-10T10:00:00Z');
  assertOpens(decide('2026-03-10T09:51:00Z', request), '2026-03-11T06:00:00Z');
  assertOpens(decide('2026-03-14T06:59:00Z', request), '2026-03-14T07:00:00Z');
  assertSends(decide('2026-03-14T07:50:00Z', request), '2026-03-14T08:00:00Z');
});

test('the switch for the range of numbers makes every number one of all of Russia', () => {
  const entity = { ...alfa, switches: { 'ru-230fz/number-range': 'whole-country' } };
  assertOpens(decide('2026-03-10T05:30:00Z', {}, { entity }), '2026-03-10T06:00:00Z');
});

test('a year without a calendar is kept strictly, and the trace says why', () => {
  const decision = decide('2031-06-03T08:30:00+03:00');
  assertOpens(decision, '2031-06-03T09:00:00+03:00');
  assertSends(decide('2031-06-03T19:30:00+03:00'), '2031-06-03T20:00:00+03:00');
  const line = decision.trace.find(({ rule }) => rule === 'ru-230fz@2/hours');
  assert.match(line?.text ?? '', /of a year without a calendar/);
});

test('messages to a debtor that are not about the debt keep the hours, unless the switch frees them', () => {
  const at = '2026-03-10T23:00:00+03:00';
  const request = { class: 'service', tags: ['debtor'] } as const;
  assert.equal(decide(at, request).outcome, 'defer');
  assert.equal(decide(at, { class: 'service' }).outcome, 'send');
  const entity = { ...alfa, switches: { 'ru-230fz/other-messages-to-debtors': 'free' } };
  assert.equal(decide(at, request, { entity }).outcome, 'send');
});

test('the trace of a deferral names the hour, the day, the zone, the hours and the switches', () => {
  const decision = decide('2026-03-13T23:30:00+03:00', { region: 'RU-KAM' });
  const line = decision.trace.find(({ rule }) => rule === 'ru-230fz@2/hours');
  assert.equal(line?.result, 'defers');
  assert.equal(
    line?.text,
    '08:30 on Saturday 14 March 2026 in Asia/Kamchatka, a day off, is outside 09:00–20:00 ' +
      '(switches ru-230fz/delivery-after-window: forbidden, ru-230fz/regional-holidays: count)',
  );
  assert.equal(line?.until?.toISOString(), '2026-03-13T21:00:00.000Z');
});

test('of a Russian number whose owner lives in New York both laws hold, in the hours of New York', () => {
  const decision = decide('2026-06-10T07:30:00-04:00', { region: 'US-NY' });
  assertOpens(decision, '2026-06-10T08:00:00-04:00');
  const rules = decision.trace.map(({ rule }) => rule);
  assert.ok(rules.includes('ru-230fz@2/hours') && rules.includes('us-regf@1/hours'));
  assertSends(
    decide('2026-06-10T12:00:00-04:00', { region: 'US-NY' }),
    '2026-06-10T21:00:00-04:00',
  );
});

test('where no country and no zone is known, the hours of the whole earth must agree, or those of the entity', () => {
  const all = [['00:00', '24:00']];
  const request = { recipient: '+87012345678', class: 'service' } as const;
  const at = '2026-06-10T12:00:00Z';
  const always = { ...alfa, standardTime: { work: all, off: all } };
  assert.equal(decide(at, request, { entity: always }).outcome, 'send');
  const day = { work: [['09:00', '21:00']], off: [['09:00', '21:00']] };
  const never = decide(at, request, { entity: { ...alfa, standardTime: day } });
  assert.equal(never.outcome === 'reject' && never.code, 'no_legal_slot');
  assert.match(JSON.stringify(never.trace), /name a time zone or set the zone of the entity/);
  const zoned = { ...alfa, standardTime: day, zone: 'Europe/Moscow' };
  assertSends(decide(at, request, { entity: zoned }), '2026-06-10T21:00:00+03:00');
});
