import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Gate, SlidingSecond } from './rate.ts';

test('a sliding second forgets what is a second old and remembers its highest', () => {
  const second = new SlidingSecond();
  for (const at of [0, 400, 900]) second.add(at);
  assert.equal(second.countAt(999), 3);
  assert.equal(second.countAt(1000), 2);
  assert.equal(second.countAt(5000), 0);
  assert.equal(second.highest, 3);
});

test('it counts exactly beyond its first size and after turning round', () => {
  const second = new SlidingSecond();
  for (let at = 0; at < 900; at += 1) second.add(at);
  for (let event = 0; event < 5_000; event += 1) second.add(1_500);
  assert.equal(second.countAt(1_500), 5_000 + 399);
  assert.equal(second.highest, 5_399);
});

test('the gate lets its rate pass in any second and counts the refused as arrived', () => {
  const gate = new Gate();
  const passed = Array.from({ length: 300 }, (_, index) => index * 10).filter((at) =>
    gate.admits(at, 15),
  );
  for (const at of passed) {
    assert.ok(passed.filter((other) => other > at - 1000 && other <= at).length <= 15);
  }
  assert.equal(passed.length, 45);
  assert.equal(gate.arrived.highest, 100);
});
