import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Decision, evaluate, type Override, type RuleRequest } from '#rules/decision';
import { alfa, debtRequest, factsOf } from './fixture.ts';

const SCOPE = 'ru-230fz/message|group:alfa|person:+79161234567';
const honouring = { ...alfa, switches: { 'ru-230fz/agreements': 'replace' } };

const night: Override = {
  ...{ set: 'ru-230fz', rule: 'hours', document: 'No 7 of 2026-01-15' },
  from: new Date('2026-02-01T00:00:00+03:00'),
  to: new Date('2026-03-10T23:00:00+03:00'),
  windows: { work: [['06:00', '24:00']], off: [['06:00', '24:00']] },
};

function decide(at: string, overrides: readonly Override[], entity = alfa): Decision {
  const now = new Date(at);
  return evaluate(debtRequest({ at: now }), factsOf({ overrides, entity }), now);
}

test('an agreement stands in for the hours while it lasts, and not a moment longer', () => {
  assert.equal(decide('2026-03-10T06:30:00+03:00', [night], honouring).outcome, 'send');
  const last = decide('2026-03-10T22:30:00+03:00', [night], honouring);
  assert.ok(last.outcome === 'send');
  assert.equal(last.validUntil.toISOString(), '2026-03-10T20:00:00.000Z');
  const expired = decide('2026-03-10T23:00:00+03:00', [night], honouring);
  assert.ok(expired.outcome === 'defer');
  assert.equal(expired.notBefore.toISOString().slice(0, 13), '2026-03-11T05');
  assert.equal(decide('2026-01-31T23:00:00+03:00', [night], honouring).outcome, 'defer');
});

test('without the switch an agreement can only tighten', () => {
  assert.equal(decide('2026-03-10T06:30:00+03:00', [night]).outcome, 'defer');
  const hours = { work: [['10:00', '12:00']], off: [] };
  const decision = decide('2026-03-10T11:00:00+03:00', [{ ...night, windows: hours }]);
  assert.ok(decision.outcome === 'send');
  assert.equal(decision.validUntil.toISOString(), '2026-03-10T09:00:00.000Z');
  const later = decide('2026-03-10T12:00:00+03:00', [{ ...night, windows: hours }]);
  assert.ok(later.outcome === 'defer');
  assert.match(JSON.stringify(later.trace), /10:00–12:00 by the agreement No 7 of 2026-01-15/);
});

test('an agreement about a limit replaces it, or tightens it', () => {
  const at = '2026-03-10T12:00:00+03:00';
  const counted = new Map([[SCOPE, [new Date('2026-03-10T09:00:00+03:00')]]]);
  const limit = (rule: string, most: number): Override => ({
    ...{ set: 'ru-230fz', rule, document: 'No 8', limit: most },
    from: new Date('2026-01-01T00:00:00Z'),
  });
  const outcome = (
    overrides: readonly Override[],
    entity = alfa,
    more: Partial<RuleRequest> = {},
  ) =>
    evaluate(
      debtRequest({ at: new Date(at), ...more }),
      factsOf({ overrides, entity, counted }),
      new Date(at),
    ).outcome;
  assert.equal(outcome([]), 'send');
  assert.equal(outcome([limit('day-calendar', 1)]), 'defer');
  counted.set(SCOPE, [...(counted.get(SCOPE) ?? []), new Date('2026-03-10T10:00:00+03:00')]);
  const both = [limit('day-calendar', 5), limit('day-rolling', 5)];
  assert.equal(outcome(both), 'defer');
  assert.equal(outcome(both, honouring), 'send');
  assert.equal(outcome([limit('day-calendar', 5)], honouring), 'defer');
});

test('an agreement names a rule by its alias, whichever variant of it the switches choose', () => {
  const hours = { work: [['10:00', '12:00']], off: [] };
  const ignoring = { ...alfa, switches: { 'ru-230fz/regional-holidays': 'ignore' } };
  for (const entity of [alfa, ignoring]) {
    const at = '2026-03-10T12:30:00+03:00';
    assert.equal(decide(at, [], entity).outcome, 'send');
    assert.equal(decide(at, [{ ...night, windows: hours }], entity).outcome, 'defer');
  }
  const { windows: _, ...rest } = night;
  const one = { ...rest, rule: 'day', limit: 1, to: new Date('2027-01-01T00:00:00Z') };
  const counted = new Map([[SCOPE, [new Date('2026-03-10T09:00:00+03:00')]]]);
  const now = new Date('2026-03-10T12:30:00+03:00');
  const decision = evaluate(debtRequest({ at: now }), factsOf({ overrides: [one], counted }), now);
  assert.ok(decision.outcome === 'defer');
  assert.equal(decision.notBefore.toISOString(), '2026-03-11T06:00:00.000Z');
});
