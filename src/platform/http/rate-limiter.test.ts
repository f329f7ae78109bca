import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRateLimiter } from '#http';
import { networkOf } from './rate-limiter.ts';

function limiter(perMinute: number, entriesMax = 100) {
  const clock = { ms: 0 };
  return { clock, rates: createRateLimiter({ perMinute, entriesMax, nowMs: () => clock.ms }) };
}

test('a minute’s worth at once, then evenly, with the wait told', () => {
  const { clock, rates } = limiter(6);
  for (let count = 0; count < 6; count += 1) rates.take('192.0.2.1');
  const refused = { code: 'rate_limited', kind: 'limited', details: { retryAfterSeconds: 10 } };
  assert.throws(() => rates.take('192.0.2.1'), refused);
  rates.take('192.0.2.2');
  clock.ms = 10_000;
  rates.take('192.0.2.1');
  assert.throws(() => rates.take('192.0.2.1'), refused);
});

test('being refused does not prolong the wait', () => {
  const { clock, rates } = limiter(1);
  rates.take('a');
  for (clock.ms = 1000; clock.ms < 60_000; clock.ms += 1000) assert.throws(() => rates.take('a'));
  clock.ms = 60_001;
  rates.take('a');
});

test('memory is bounded: the address that was quiet longest is forgotten', () => {
  const { rates } = limiter(1, 2);
  rates.take('a');
  rates.take('b');
  assert.throws(() => rates.take('a'));
  rates.take('c');
  rates.take('b'); // forgotten, so it starts afresh
  assert.throws(() => rates.take('c'));
});

test('the addresses of one IPv6 network count as one, and IPv4 in IPv6 clothing as itself', () => {
  assert.equal(networkOf('2001:db8:0:1::5'), networkOf('2001:0DB8:0:1:ffff::9'));
  assert.notEqual(networkOf('2001:db8:0:1::5'), networkOf('2001:db8:0:2::5'));
  assert.equal(networkOf('::1'), '0:0:0:0');
  assert.equal(networkOf('::ffff:192.0.2.1'), '192.0.2.1');
});
