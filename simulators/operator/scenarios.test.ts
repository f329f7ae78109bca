import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ScenarioBoard, scenarioOfNumber } from './scenarios.ts';

const number = '923001234501';
const debit = 'UpdateBalanceAndDate';

function names(board: ScenarioBoard, count: number, msisdn = number): readonly string[] {
  return Array.from({ length: count }, () => board.choose(debit, msisdn).name);
}

test('the ending of a number decides about its charges only', () => {
  assert.equal(scenarioOfNumber('923001234589'), 'normal');
  const board = new ScenarioBoard(1);
  assert.equal(board.choose(debit, '923001234596').name, 'lost-answer');
  assert.equal(board.choose('GetBalanceAndDate', '923001234596').name, 'normal');
  assert.equal(board.choose('sms', '923001234596').name, 'normal');
});

test('forced outcomes come first, in the order of asking, each as often as asked', () => {
  const board = new ScenarioBoard(1);
  board.add({ name: 'down' });
  board.force({ name: 'paid', times: 2 });
  board.force({ name: 'refused', times: 1 });
  assert.deepEqual(names(board, 4), ['paid', 'paid', 'refused', 'down']);
});

test('a scenario of a number goes before one of any number and ends after its times', () => {
  const board = new ScenarioBoard(1);
  board.add({ name: 'down', times: 1 });
  board.add({ name: 'no-money', msisdn: number, times: 1 });
  assert.deepEqual(names(board, 3), ['no-money', 'down', 'normal']);
  assert.equal(board.size, 0);
});

test('a named method is the only one that it shows in', () => {
  const board = new ScenarioBoard(1);
  board.add({ name: 'lost-answer', method: 'sms', times: 1 });
  assert.equal(board.choose(debit, number).name, 'normal');
  assert.equal(board.choose('sms', number).name, 'lost-answer');
});

test('a probability repeats for each number, however numbers interleave', () => {
  const make = (): ScenarioBoard => {
    const board = new ScenarioBoard(42);
    board.add({ name: 'down', probability: 0.3 });
    return board;
  };
  const apart = make();
  const first = names(apart, 50);
  const second = names(apart, 50, '923001234502');
  const mixed = make();
  const pairs = Array.from({ length: 50 }, () => [
    ...names(mixed, 1, '923001234502'),
    ...names(mixed, 1),
  ]);
  assert.deepEqual(
    pairs.map(([, name]) => name),
    first,
  );
  assert.deepEqual(
    pairs.map(([name]) => name),
    second,
  );
  assert.notDeepEqual(first, second);
});
