import assert from 'node:assert/strict';
import { test } from 'node:test';
import { evaluate } from '#rules/decision';
import { debtRequest, factsOf } from './fixture.ts';

const night = new Date('2026-03-10T23:00:00+03:00');
const OPENING_MS = Date.parse('2026-03-11T08:00:00+03:00');
const MINUTE_MS = 60_000;

/** Generous: a decision takes 30 to 60 µs of an idle core, and the machine of a test may be anything but idle. */
const CPU_US_MAX = 1000;

test('what has waited all night leaves evenly over a quarter of an hour, each at its own moment every time', () => {
  const facts = factsOf();
  const perMinute = new Array<number>(15).fill(0);
  const messages = 15_000;
  for (let index = 0; index < messages; index += 1) {
    const decision = evaluate(debtRequest({ at: night, message: `sms_${index}` }), facts, night);
    assert.ok(decision.outcome === 'defer');
    const minute = Math.floor((decision.notBefore.getTime() - OPENING_MS) / MINUTE_MS);
    perMinute[minute] = (perMinute[minute] ?? 0) + 1;
  }
  assert.equal(perMinute.length, 15);
  for (const count of perMinute) assert.ok(count > 850 && count < 1150, perMinute.join(' '));
});

test('a message that lives shortly past the opening is spread over half of what is left', () => {
  const expiresAt = new Date(OPENING_MS + 4 * MINUTE_MS);
  for (let index = 0; index < 200; index += 1) {
    const request = debtRequest({ at: night, message: `sms_${index}`, expiresAt });
    const decision = evaluate(request, factsOf(), night);
    assert.ok(decision.outcome === 'defer');
    const lateMs = decision.notBefore.getTime() - OPENING_MS;
    assert.ok(lateMs >= 0 && lateMs < 2 * MINUTE_MS);
  }
});

test('a decision with its trace takes microseconds', () => {
  const at = new Date('2026-03-10T12:00:00+03:00');
  const scope = 'ru-230fz/message|group:alfa|person:+79161234567';
  const counted = Array.from({ length: 16 }, (_, day) => new Date(at.getTime() - day * 86_400_000));
  const facts = factsOf({ counted: new Map([[scope, counted]]) });
  const requests = Array.from({ length: 4000 }, (_, index) =>
    debtRequest({ at, message: `sms_${index}` }),
  );
  for (const request of requests.slice(0, 500)) evaluate(request, facts, at);
  const { user } = process.cpuUsage();
  for (const request of requests) evaluate(request, facts, at);
  const eachUs = (process.cpuUsage().user - user) / requests.length;
  assert.ok(eachUs < CPU_US_MAX, `${eachUs} µs`);
});
