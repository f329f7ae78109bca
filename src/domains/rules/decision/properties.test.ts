import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Decision, evaluate, type Facts, type RuleRequest, scopesOf } from '#rules/decision';
import { bookOf, capRule, debtRequest, factsOf, setOf, windowRule } from './fixture.ts';
import type { Rule, RuleOf } from './rule-set.ts';
import { allOpen, MINUTE_MS, mayLeave, type SlowCase } from './slow-judge.ts';

const DAY_MS = 1440 * MINUTE_MS;
const SPREAD_MINUTES = 30;

/** What the recipient's place may be: one zone, or a region with three. Around changes of clocks and of years. */
const place = fc.constantFrom(
  ...[
    { timeZone: 'Europe/Moscow', zones: ['Europe/Moscow'], steady: true },
    { timeZone: 'America/New_York', zones: ['America/New_York'], steady: false },
    { timeZone: 'Europe/Berlin', zones: ['Europe/Berlin'], steady: false },
    { timeZone: 'Asia/Kolkata', zones: ['Asia/Kolkata'], steady: true },
  ],
  {
    region: 'RU-SA',
    zones: ['Asia/Yakutsk', 'Asia/Vladivostok', 'Asia/Srednekolymsk'],
    steady: true,
  },
);
/** Moments around which mistakes live: changes of clocks, moved days, the end of the last known calendar. */
const nowMs = fc
  .tuple(
    fc.constantFrom(
      ...['2026-03-08T07:00Z', '2026-11-01T06:00Z', '2026-03-29T01:00Z', '2026-10-25T01:00Z'],
      ...['2026-05-09T00:00Z', '2025-11-01T00:00Z', '2027-12-31T21:00Z', '2028-01-05T00:00Z'],
      ...['2026-01-31T12:00Z', '2026-03-01T12:00Z'],
    ),
    fc.integer({ min: -36 * 12, max: 24 * 12 }),
  )
  .map(([moment, fives]) => Date.parse(moment) + fives * 5 * MINUTE_MS);

const clock = (minute: number) =>
  `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`;
const hours = fc
  .uniqueArray(fc.integer({ min: 0, max: 96 }), { minLength: 0, maxLength: 4 })
  .map((quarters) => [...quarters].sort((one, other) => one - other))
  .map((sorted) =>
    sorted.flatMap((from, index) => {
      const to = sorted[index + 1];
      return index % 2 === 0 && to !== undefined ? [[clock(from * 15), clock(to * 15)]] : [];
    }),
  );
/** Long days, so that a good part of all attempts finds them open. */
const longHours = fc
  .tuple(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 60, max: 96 }))
  .map(([from, to]) => [[clock(from * 15), clock(to * 15)]]);
const someHours = fc.oneof({ weight: 1, arbitrary: hours }, { weight: 3, arbitrary: longHours });
const windows = fc.record(
  {
    ...{ work: someHours, off: someHours, short: someHours, holiday: someHours },
    byWeekday: fc.record({ sun: someHours }),
  },
  { requiredKeys: ['work', 'off'] },
);
const windowOf = (id: string) =>
  fc
    .record({
      windows,
      russian: fc.boolean(),
      lastSafeSendMinutes: fc.constantFrom(0, 10, 90),
      spreadMinutes: fc.constantFrom(0, SPREAD_MINUTES),
    })
    .map(({ russian, ...more }) =>
      windowRule({ id, ...more, ...(russian ? { calendar: 'RU' } : {}) }),
    );
const capOf = (id: string) =>
  fc
    .record({
      limit: fc.integer({ min: 1, max: 4 }),
      period: fc.constantFrom(
        ...[{ calendar: 'day' }, { calendar: 'week' }, { calendar: 'month' }, { rolling: 'PT5H' }],
        ...[{ rolling: 'P1D' }, { rolling: 'P7D' }, { rolling: 'P1M' }],
        { calendar: 'day', rolling: 'P1D' },
      ),
    })
    .map(({ limit, period }) => capRule({ id, limit, ...period }));

const rules = fc
  .tuple(
    fc.array(fc.constant(0), { maxLength: 2 }),
    fc.tuple(windowOf('window-0'), windowOf('window-1')),
    fc.array(fc.constant(0), { maxLength: 2 }),
    fc.tuple(capOf('cap-0'), capOf('cap-1')),
  )
  .map(([some, given, few, caps]) => [
    ...given.slice(0, some.length),
    ...caps.slice(0, few.length),
  ]);

/** Of the last days, of about a month ago, and, after a clock that went back, of later today. */
const history = fc.array(
  fc.oneof(
    fc.integer({ min: -33 * 1440, max: 600 }),
    fc.integer({ min: -32 * 1440, max: -27 * 1440 }),
    fc.integer({ min: -2000, max: 0 }),
  ),
  { maxLength: 6 },
);

const situation = fc.record({
  place,
  nowMs,
  rules,
  history,
  lifeMinutes: fc.integer({ min: 1, max: 4 * 1440 }),
  message: fc.uuid(),
});
type Situation = typeof situation extends fc.Arbitrary<infer Value> ? Value : never;

interface Prepared {
  readonly request: RuleRequest;
  readonly facts: Facts;
  readonly slow: SlowCase;
}

function prepare(given: Situation, extra: readonly unknown[] = []): Prepared {
  const set = setOf([
    ...given.rules,
    ...extra,
    { kind: 'retention', id: 'r', title: 'R', keep: 'P1Y' },
  ]);
  const { zones, steady, ...where } = given.place;
  const at = new Date(given.nowMs);
  const request = debtRequest({
    ...{ at, message: given.message, class: 'service', ...where },
    expiresAt: new Date(given.nowMs + given.lifeMinutes * MINUTE_MS),
  });
  const countedMs = given.history.map((minutes) => given.nowMs + minutes * MINUTE_MS);
  const rulebook = bookOf(set);
  const [scope = ''] = scopesOf(request, factsOf({ rulebook }));
  const counted = new Map([[scope, countedMs.map((ms) => new Date(ms))]]);
  const kind = <Kind extends Rule['kind']>(name: Kind) =>
    set.rules.filter((rule): rule is RuleOf<Kind> => rule.kind === name);
  return {
    request,
    facts: factsOf({ rulebook, counted }),
    slow: { windows: kind('timeWindow'), caps: kind('frequencyCap'), zones, countedMs },
  };
}

/** A rolling month is asked by the wall clock, which goes back in autumn: only where it never does. */
function isFair({ place: { steady }, rules: list }: Situation): boolean {
  return steady || !JSON.stringify(list).includes('P1M');
}

function firstMinute(
  slow: SlowCase,
  { from, to }: { from: number; to: number },
): number | undefined {
  for (let atMs = from; atMs < to; atMs += MINUTE_MS) if (mayLeave(slow, atMs)) return atMs;
  return undefined;
}

function assertValid(decision: Decision, { slow, request }: Prepared, leavesMs: number): void {
  assert.ok(decision.outcome !== 'reject');
  const untilMs = decision.validUntil.getTime();
  assert.ok(untilMs > leavesMs && untilMs <= request.expiresAt.getTime());
  const bounded = { ...slow, windows: slow.windows.filter((rule) => rule.capValidityToWindow) };
  for (let atMs = leavesMs; atMs < untilMs; atMs += MINUTE_MS) assert.ok(allOpen(bounded, atMs));
  assert.ok(allOpen(bounded, untilMs - 1));
  if (untilMs < request.expiresAt.getTime()) assert.ok(!allOpen(bounded, untilMs));
}

test('the decision is what asking each minute finds: now, the earliest moment up to the spread, or never', () => {
  const seen = { send: 0, defer: 0, reject: 0 };
  fc.assert(
    fc.property(situation.filter(isFair), (given) => {
      const prepared = prepare(given);
      const { request, facts, slow } = prepared;
      const decision = evaluate(request, facts, new Date(given.nowMs));
      const first = firstMinute(slow, { from: given.nowMs, to: request.expiresAt.getTime() });
      seen[decision.outcome] += 1;
      if (first === undefined) {
        assert.equal(decision.outcome === 'reject' && decision.code, 'no_legal_slot');
      } else if (first === given.nowMs) {
        assert.equal(decision.outcome, 'send');
        assertValid(decision, prepared, first);
      } else {
        assert.ok(decision.outcome === 'defer');
        const atMs = decision.notBefore.getTime();
        assert.ok(atMs >= first && atMs < first + SPREAD_MINUTES * MINUTE_MS, `${first} ${atMs}`);
        assert.ok(mayLeave(slow, atMs), 'allowed where it was spread to');
        assertValid(decision, prepared, atMs);
      }
    }),
    { numRuns: 400 },
  );
  for (const [outcome, count] of Object.entries(seen))
    assert.ok(count > 10, `${outcome}: ${count}`);
});

test('the same request and facts give the same decision', () => {
  fc.assert(
    fc.property(situation, (given) => {
      const [one, other] = [prepare(given), prepare(structuredClone(given))];
      const decide = ({ request, facts }: Prepared) =>
        evaluate(request, facts, new Date(given.nowMs));
      assert.deepEqual(decide(one), decide(one));
      assert.deepEqual(decide(one), decide(other));
    }),
    { numRuns: 200 },
  );
});

/** When a message could leave: now, later, never. */
function momentOf(decision: Decision, now: number): number {
  if (decision.outcome === 'send') return now;
  return decision.outcome === 'defer' ? decision.notBefore.getTime() : Number.POSITIVE_INFINITY;
}

test('one more rule never lets a message leave earlier, and never lengthens its life', () => {
  const more = fc.oneof(windowOf('more'), capOf('more'));
  const extra = fc.oneof(
    more,
    fc.constant({ kind: 'consent', id: 'more', title: 'Consent', purpose: 'marketing' }),
    fc.constant({ kind: 'content', id: 'more', title: 'Text', forbid: ['STOP'] }),
  );
  fc.assert(
    fc.property(situation, extra, (given, rule) => {
      const without = { ...given, rules: given.rules.map(unspread) };
      const now = new Date(given.nowMs);
      const [fewer, all] = [prepare(without), prepare(without, [unspread(rule)])].map(
        ({ request, facts }) => evaluate(request, facts, now),
      );
      assert.ok(fewer && all);
      assert.ok(momentOf(all, given.nowMs) >= momentOf(fewer, given.nowMs));
      if (all.outcome === 'send' && fewer.outcome === 'send')
        assert.ok(all.validUntil.getTime() <= fewer.validUntil.getTime());
    }),
    { numRuns: 300 },
  );
});

/** Spreading moves a message within its window: without it moments can be compared. */
function unspread(rule: unknown): unknown {
  const { spreadMinutes: _, ...rest } = rule as { spreadMinutes?: number };
  return rest;
}

test('whoever comes back when told to is sent then, if nothing has happened since', () => {
  fc.assert(
    fc.property(situation, (given) => {
      const { request, facts } = prepare(given);
      const decision = evaluate(request, facts, new Date(given.nowMs));
      if (decision.outcome !== 'defer') return;
      const again = evaluate(request, facts, decision.notBefore);
      assert.ok(again.outcome === 'send');
      assert.equal(again.validUntil.getTime(), decision.validUntil.getTime());
    }),
    { numRuns: 300 },
  );
});

test('over sixty days of attempts at any time no limit of 230-FZ is ever passed, and no hour', () => {
  const attempt = fc.record({
    gapMinutes: fc.integer({ min: 0, max: 900 }),
    waits: fc.boolean(),
  });
  const region = fc.constantFrom('RU-KAM', 'RU-MOW', 'RU-SA', undefined);
  fc.assert(
    fc.property(
      fc.array(attempt, { minLength: 150, maxLength: 200 }),
      region,
      (attempts, where) => {
        const sent = simulate(attempts, where);
        assert.ok(sent.length > 10);
        for (const zone of zonesOf(where)) {
          const local = sent.map((ms) => new Date(ms + offsetOf(zone) * 3_600_000));
          assertAtMost(
            local.map((date) => date.toISOString().slice(0, 10)),
            2,
          );
          assertAtMost(
            local.map((date) => monday(date)),
            4,
          );
          assertAtMost(
            local.map((date) => date.toISOString().slice(0, 7)),
            16,
          );
          for (const date of local) assert.ok(date.getUTCHours() >= 8 && date.getUTCHours() < 22);
        }
        assertGap(sent, 2, DAY_MS);
        assertGap(sent, 4, 7 * DAY_MS);
        assertGap(sent, 16, 28 * DAY_MS);
      },
    ),
    { numRuns: 12 },
  );
});

function simulate(
  attempts: readonly { readonly gapMinutes: number; readonly waits: boolean }[],
  region: string | undefined,
): readonly number[] {
  const where = region === undefined ? { recipient: '+79001234567' } : { region };
  const scope = `ru-230fz/message|group:alfa|person:${where.recipient ?? '+79161234567'}`;
  const sent: number[] = [];
  let atMs = Date.parse('2026-04-20T00:00:00Z');
  for (const [index, { gapMinutes, waits }] of attempts.entries()) {
    atMs += gapMinutes * MINUTE_MS;
    const now = new Date(atMs);
    const request = debtRequest({ at: now, message: `sms_${index}`, ...where });
    const counted = new Map([[scope, sent.map((ms) => new Date(ms))]]);
    const decision = evaluate(request, factsOf({ counted }), now);
    if (decision.outcome === 'send') sent.push(atMs);
    if (decision.outcome === 'defer' && waits) atMs = decision.notBefore.getTime();
  }
  return sent;
}

/** Hours ahead of UTC in 2026; Russia changes no clocks. */
function zonesOf(region: string | undefined): readonly string[] {
  if (region === 'RU-KAM') return ['+12'];
  if (region === 'RU-MOW') return ['+3'];
  return region === 'RU-SA' ? ['+9', '+10', '+11'] : ['+2', '+3', '+7', '+12'];
}

function offsetOf(zone: string): number {
  return Number(zone);
}

function monday(date: Date): string {
  const sinceMonday = (date.getUTCDay() + 6) % 7;
  return new Date(date.getTime() - sinceMonday * DAY_MS).toISOString().slice(0, 10);
}

function assertAtMost(labels: readonly string[], most: number): void {
  const counts = new Map<string, number>();
  for (const one of labels) counts.set(one, (counts.get(one) ?? 0) + 1);
  for (const [one, count] of counts) assert.ok(count <= most, `${one}: ${count}`);
}

/** No stretch of that length holds more than `most`. */
function assertGap(sent: readonly number[], most: number, lengthMs: number): void {
  for (const [index, ms] of sent.entries()) {
    const later = sent[index + most];
    if (later !== undefined) assert.ok(later - ms >= lengthMs, new Date(ms).toISOString());
  }
}
