import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FaultBoard } from './faults.ts';
import { Problem } from './fields.ts';

const payment = { operation: 'create', movesMoney: true, amountMinor: 500, methods: ['card'] };

test('the same seed and calls meet the same faults, however the calls of others interleave', () => {
  const run = (interleaved: boolean) => {
    const board = new FaultBoard(7);
    board.add({ name: 'drop-after', probability: 0.5 });
    return Array.from({ length: 50 }, () => {
      if (interleaved) board.ofLine({ ...payment, amountMinor: 1 });
      return board.ofLine(payment) !== undefined;
    });
  };
  const alone = run(false);
  assert.deepEqual(run(true), alone);
  const count = alone.filter(Boolean).length;
  assert.ok(count > 10 && count < 40, `${count} of 50`);
});

test('the first that was added and fits is taken, as often as it says', () => {
  const board = new FaultBoard(1);
  board.add({ name: 'error-after', amount_minor: 7 });
  board.add({ name: 'unavailable', times: 2 });
  board.add({ name: 'delay' });
  const names = Array.from({ length: 4 }, () => board.ofLine(payment)?.name);
  assert.deepEqual(names, ['unavailable', 'unavailable', 'delay', 'delay']);
  assert.equal(board.ofLine({ ...payment, amountMinor: 7 })?.name, 'error-after');
  assert.equal(board.ofLine({ operation: 'list', movesMoney: false }), undefined);
});

test('what befalls the line and what is decided meet the same call', () => {
  const board = new FaultBoard(1);
  board.add({ name: 'decline', code: 'lost_card', method: 'card' });
  board.add({ name: 'drop-after' });
  assert.equal(board.ofLine(payment)?.name, 'drop-after');
  assert.equal(board.ofBusiness(payment)?.code, 'lost_card');
  assert.equal(board.ofBusiness({ ...payment, methods: ['other'] }), undefined);
});

test('an empty field of a form narrows nothing, and nonsense is refused', () => {
  const board = new FaultBoard(1);
  board.add({ name: 'decline', operation: '', amount_minor: '', method: '', times: '' });
  assert.equal(board.ofBusiness(payment)?.name, 'decline');
  for (const fields of [{ name: 'x' }, { name: 'delay', delay_ms: -1 }, { name: 'delay', a: 1 }]) {
    assert.throws(() => board.add(fields), Problem);
  }
});
