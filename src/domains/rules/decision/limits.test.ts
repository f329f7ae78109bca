import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Decision, evaluate, type Facts, type RuleRequest, scopesOf } from '#rules/decision';
import { alfa, bookOf, capRule, debtRequest, factsOf, setOf, windowRule } from './fixture.ts';

const SCOPE = 'ru-230fz/message|group:alfa|person:+79161234567';
const SPREAD_MS = 15 * 60_000;

interface Given {
  readonly counted?: readonly string[];
  readonly scope?: string;
  readonly request?: Partial<RuleRequest>;
  readonly facts?: Partial<Facts>;
}

function decide(at: string, { counted = [], scope = SCOPE, request, facts }: Given): Decision {
  const now = new Date(at);
  const moments = new Map([[scope, counted.map((one) => new Date(one))]]);
  const known = factsOf({ counted: moments, ...facts });
  return evaluate(debtRequest({ at: now, ...request }), known, now);
}

function assertDeferred(decision: Decision, to: string, spreadMs = 0): void {
  assert.ok(decision.outcome === 'defer', JSON.stringify(decision, null, 1));
  const lateMs = decision.notBefore.getTime() - Date.parse(to);
  assert.ok(lateMs >= 0 && lateMs <= spreadMs, `${decision.notBefore.toISOString()}, not ${to}`);
}

const calendarOnly = {
  entity: {
    ...alfa,
    switches: { 'ru-230fz/day': 'calendar', 'ru-230fz/week-and-month': 'calendar' },
  },
};

test('what was counted on the 31st of January binds longer than what was counted after it', () => {
  const rulebook = bookOf(setOf([capRule({ limit: 1, rolling: 'P1M' })]));
  const given = {
    facts: { rulebook },
    scope: 'test/message|group:alfa|person:+79161234567',
    counted: ['2026-01-31T20:59:00+03:00', '2026-02-02T12:00:00+03:00'],
    request: { expiresAt: new Date('2026-03-10T00:00:00Z') },
  };
  assertDeferred(
    decide('2026-03-01T12:00:00+03:00', given),
    '2026-03-03T20:59:00+03:00',
    SPREAD_MS,
  );
});

test('the day of the limit is the debtor’s, not the server’s', () => {
  // 23:10 of 9 June in Moscow is 08:10 of 10 June in Kamchatka: with the one of 12:00 it fills that day.
  const given = {
    request: { region: 'RU-KAM' },
    counted: ['2026-06-09T23:10:00+03:00', '2026-06-10T12:00:00+12:00'],
  };
  const at = '2026-06-10T15:00:00+12:00';
  assertDeferred(
    decide(at, { ...given, facts: calendarOnly }),
    '2026-06-11T08:00:00+12:00',
    SPREAD_MS,
  );
  // Any 24 hours besides: until the earlier of the two is a day old.
  assertDeferred(decide(at, given), '2026-06-11T08:10:00+12:00');
});

test('the week of the limit begins on the debtor’s Monday', () => {
  const counted = ['2026-06-08', '2026-06-09', '2026-06-10', '2026-06-11'].map(
    (day) => `${day}T12:00:00+10:00`,
  );
  const request = { region: 'RU-PRI' };
  const onSunday = { request, counted, facts: calendarOnly };
  // Sunday 18:00 in Vladivostok is Sunday 11:00 in Moscow; Monday there begins seven hours before.
  assertDeferred(
    decide('2026-06-14T18:00:00+10:00', onSunday),
    '2026-06-15T08:00:00+10:00',
    SPREAD_MS,
  );
  assert.equal(decide('2026-06-15T08:00:00+10:00', onSunday).outcome, 'send');
  // In any seven days, the fifth waits until the first is a week old.
  assertDeferred(
    decide('2026-06-15T08:00:00+10:00', { request, counted }),
    '2026-06-15T12:00:00+10:00',
  );
});

test('a message of Sunday evening counts for the week that ends, one of Monday for the one that begins', () => {
  const facts = calendarOnly;
  const sunday = ['2026-06-12', '2026-06-13', '2026-06-14', '2026-06-14'].map(
    (day, index) => `${day}T1${index}:00:00+03:00`,
  );
  assert.equal(decide('2026-06-15T09:00:00+03:00', { counted: sunday, facts }).outcome, 'send');
  const monday = ['10', '11', '12', '13'].map((hour) => `2026-06-15T${hour}:00:00+03:00`);
  const week = decide('2026-06-19T09:00:00+03:00', { counted: monday, facts });
  assertDeferred(week, '2026-06-22T08:00:00+03:00', SPREAD_MS);
});

test('a rolling month ends on the same day of the next month, or after the days that month lacks', () => {
  const rulebook = bookOf(setOf([capRule({ limit: 1, rolling: 'P1M' })]));
  const scope = 'test/message|group:alfa|person:+79161234567';
  const freeAfter = (counted: string, at: string) =>
    decide(at, { counted: [counted], scope, facts: { rulebook } });
  const cases: readonly (readonly [string, string])[] = [
    ['2026-03-31T10:00:00+03:00', '2026-05-01T10:00:00+03:00'],
    ['2026-01-31T10:00:00+03:00', '2026-03-03T10:00:00+03:00'],
    ['2026-01-28T10:00:00+03:00', '2026-02-28T10:00:00+03:00'],
    ['2026-04-30T10:00:00+03:00', '2026-05-30T10:00:00+03:00'],
    ['2026-12-15T10:00:00+03:00', '2027-01-15T10:00:00+03:00'],
  ];
  for (const [counted, free] of cases) {
    const at = new Date(Date.parse(free) - 1).toISOString();
    assertDeferred(freeAfter(counted, at), free);
    assert.equal(freeAfter(counted, free).outcome, 'send');
  }
});

test('creditors of one group share their limits, others do not', () => {
  const at = new Date('2026-03-10T12:00:00+03:00');
  const grouped = { ...alfa, key: 'beta', creditorGroup: 'holding' };
  const scopes = (entity: typeof alfa) =>
    scopesOf(debtRequest({ at, entity: entity.key }), factsOf({ entity }));
  assert.deepEqual(scopes(grouped), ['ru-230fz/message|group:holding|person:+79161234567']);
  assert.deepEqual(scopes({ ...grouped, key: 'gamma' }), scopes(grouped));
  assert.deepEqual(scopes(alfa), [SCOPE]);
  const separate = { ...grouped, switches: { 'ru-230fz/agents': 'separate' } };
  assert.deepEqual(scopes(separate), ['ru-230fz/message|entity:beta|person:+79161234567']);
});

test('a message to a person who is named counts for the person and for the number', () => {
  const at = new Date('2026-03-10T12:00:00+03:00');
  const named = debtRequest({ at, person: 'client|17' });
  assert.deepEqual(scopesOf(named, factsOf()), [
    SCOPE,
    'ru-230fz/message|group:alfa|person:client%7C17',
  ]);
  const counted = ['2026-03-10T09:00:00+03:00', '2026-03-10T10:00:00+03:00'];
  for (const scope of scopesOf(named, factsOf())) {
    const decision = decide(at.toISOString(), { counted, scope, request: { person: 'client|17' } });
    assert.equal(decision.outcome, 'defer', scope);
  }
});

test('by the switch each obligation has its own limits', () => {
  const entity = { ...alfa, switches: { 'ru-230fz/counted-per': 'obligation' } };
  const request = debtRequest({
    at: new Date('2026-03-10T12:00:00+03:00'),
    attributes: { obligation: 'loan 5' },
  });
  assert.deepEqual(scopesOf(request, factsOf({ entity })), [`${SCOPE}|obligation:loan 5`]);
  assert.deepEqual(scopesOf(request, factsOf()), [SCOPE]);
});

test('what is to be sent names its counters, and whether they get back what was not delivered', () => {
  const at = '2026-03-10T12:00:00+03:00';
  const strict = decide(at, {});
  assert.deepEqual(strict.outcome === 'send' && strict.scopes, [{ scope: SCOPE }]);
  const entity = { ...alfa, switches: { 'ru-230fz/undelivered': 'given-back' } };
  const relaxed = decide(at, { facts: { entity } });
  assert.deepEqual(relaxed.outcome === 'send' && relaxed.scopes, [
    { scope: SCOPE, givenBack: 'undelivered' },
  ]);
});

test('what no law counts has no counters', () => {
  const request = debtRequest({ at: new Date('2026-03-10T12:00:00+03:00'), class: 'auth' });
  assert.deepEqual(scopesOf(request, factsOf()), []);
});

test('moments that a clock which went back has left in the future still take their places', () => {
  const counted = ['2026-03-10T15:00:00+03:00', '2026-03-10T16:00:00+03:00'];
  assertDeferred(decide('2026-03-10T12:00:00+03:00', { counted }), '2026-03-11T15:00:00+03:00');
  assertDeferred(
    decide('2026-03-09T12:00:00+03:00', { counted, facts: calendarOnly }),
    '2026-03-11T08:00:00+03:00',
    SPREAD_MS,
  );
});

test('of two versions the one in force counts, and it counts what the other has sent', () => {
  const rule = (limit: number) => capRule({ limit, rolling: 'P7D' });
  const change = '2026-03-10T00:00:00+03:00';
  const old = setOf([rule(5)], { effective: { from: '2020-01-01T00:00:00Z', to: change } });
  const strict = setOf([rule(2)], { version: 2, effective: { from: change } });
  const facts = { rulebook: bookOf(old, strict) };
  const scope = 'test/message|group:alfa|person:+79161234567';
  const counted = ['2026-03-08T12:00:00+03:00', '2026-03-08T13:00:00+03:00'];
  assert.equal(decide('2026-03-09T23:59:59.999+03:00', { counted, scope, facts }).outcome, 'send');
  const after = decide(change, { counted, scope, facts });
  assertDeferred(after, '2026-03-15T12:00:00+03:00');
  assert.match(JSON.stringify(after.trace), /test@2\/cap/);
});

test('a window of a version that is not yet in force bounds what waits for it', () => {
  const change = '2026-03-11T00:00:00+03:00';
  const open = { windows: { work: [['00:00', '24:00']], off: [['00:00', '24:00']] } };
  const evening = { windows: { work: [['18:00', '20:00']], off: [['18:00', '20:00']] } };
  const old = setOf([windowRule(open)], {
    effective: { from: '2020-01-01T00:00:00Z', to: change },
  });
  const next = setOf([windowRule(evening)], { version: 2, effective: { from: change } });
  const facts = { rulebook: bookOf(old, next) };
  const now = decide('2026-03-10T23:00:00+03:00', { facts });
  assert.equal(
    now.outcome === 'send' && now.validUntil.toISOString(),
    new Date(change).toISOString(),
  );
  const request = { notBefore: new Date('2026-03-11T09:00:00+03:00') };
  assertDeferred(
    decide('2026-03-10T23:00:00+03:00', { facts, request }),
    '2026-03-11T18:00:00+03:00',
  );
});

test('a shortest interval between identical texts holds for the same text only', () => {
  const rule = {
    ...{ kind: 'minInterval', id: 'gap', title: 'Gap', minutes: 60, counter: 'text' },
    key: [{ part: 'recipient' }, { part: 'body' }],
  };
  const facts = { rulebook: bookOf(setOf([rule])) };
  const at = '2026-03-10T12:00:00+03:00';
  const request = debtRequest({ at: new Date(at) });
  const [scope = ''] = scopesOf(request, factsOf(facts));
  const counted = ['2026-03-10T11:30:00+03:00'];
  assertDeferred(decide(at, { counted, scope, facts }), '2026-03-10T12:30:00+03:00');
  const other = { body: `${request.body}!` };
  assert.equal(decide(at, { counted, scope, facts, request: other }).outcome, 'send');
});

test('where no slot comes before the message is of no use it is rejected, and the trace says what stands in the way', () => {
  const counted = ['2026-03-10T09:00:00+03:00', '2026-03-10T10:00:00+03:00'];
  const request = { expiresAt: new Date('2026-03-11T08:30:00+03:00') };
  const decision = decide('2026-03-10T12:00:00+03:00', { counted, request });
  assert.ok(decision.outcome === 'reject');
  assert.equal(decision.code, 'no_legal_slot');
  const line = decision.trace.find(({ rule }) => rule === 'ru-230fz@2/day-rolling');
  assert.equal(
    line?.text,
    '2 of 2 in any 1 d for group:alfa and person:+79161234567: there is room at ' +
      '09:00 on Wednesday 11 March 2026 in Europe/Moscow (switch ru-230fz/day: both)',
  );
});
