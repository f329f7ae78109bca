import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createBreaker } from '#throttle';

const OPEN_MS = 2000;
const options = { failuresMax: 3, openMs: OPEN_MS, openMostMs: 10_000 };

function failing(times: number, nowMs: number, breaker = createBreaker(options)) {
  for (let made = 0; made < times; made += 1) breaker.failed(nowMs);
  return breaker;
}

test('it opens after so many failures in a row, and a success between them begins the count anew', () => {
  const breaker = failing(2, 0);
  breaker.succeeded();
  failing(2, 0, breaker);
  assert.equal(breaker.state(0), 'closed');
  assert.equal(breaker.failed(0), OPEN_MS);
  assert.equal(breaker.state(1999), 'open');
  assert.ok(!breaker.admit(1999));
});

test('then one trial is let through; its success closes, its failure opens for twice as long', () => {
  const breaker = failing(3, 0);
  assert.equal(breaker.state(OPEN_MS), 'half_open');
  assert.ok(breaker.admit(OPEN_MS));
  assert.ok(!breaker.admit(OPEN_MS), 'one trial only');
  assert.equal(breaker.failed(OPEN_MS), OPEN_MS + 4000);
  assert.ok(breaker.admit(OPEN_MS + 4000));
  breaker.succeeded();
  assert.equal(breaker.state(OPEN_MS + 4000), 'closed');
  assert.equal(
    failing(3, 10_000, breaker).state(10_000 + OPEN_MS),
    'half_open',
    'it forgets its past',
  );
});

test('calls that were under way when it opened fail without prolonging it', () => {
  const breaker = failing(3, 0);
  failing(90, 100, breaker);
  assert.equal(breaker.state(OPEN_MS), 'half_open');
  assert.ok(breaker.admit(OPEN_MS));
  assert.equal(breaker.failed(OPEN_MS), OPEN_MS + 4000, 'the second opening, not the ninetieth');
});

test('it is never open for longer than its most', () => {
  let nowMs = 0;
  const breaker = failing(3, nowMs);
  for (let trials = 0; trials < 20; trials += 1) {
    nowMs += 10_000;
    assert.ok(breaker.admit(nowMs));
    assert.ok((breaker.failed(nowMs) ?? 0) - nowMs <= 10_000);
  }
});

test('what another process heard opens it, also during its own trial, and its trial still ends', () => {
  const breaker = failing(3, 0);
  assert.ok(breaker.admit(OPEN_MS));
  breaker.openUntil(5000);
  assert.ok(!breaker.admit(4000));
  assert.equal(breaker.failed(4500), 4500 + 4000);
  assert.ok(breaker.admit(8500), 'the failed trial does not block the next');
  breaker.openUntil(100);
  assert.equal(breaker.state(8500), 'half_open', 'an opening of the past changes nothing');
});
