import assert from 'node:assert/strict';
import { test } from 'node:test';
import { shareOut } from './share.ts';

const never = () => 0;

test('the higher class first, a tenth for each lower one that waits', () => {
  assert.deepEqual(shareOut([100, 100, 100], 50, never), [40, 5, 5]);
  assert.deepEqual(shareOut([20, 90, 90], 50, never), [20, 25, 5]);
  assert.deepEqual(shareOut([0, 65, 85], 50, never), [0, 45, 5]);
  assert.deepEqual(shareOut([0, 20, 80], 50, never), [0, 20, 30]);
});

test('what is kept for a lower class is not wasted, and nobody gets more than waits', () => {
  assert.deepEqual(shareOut([100, 0, 0], 50, never), [50, 0, 0]);
  assert.deepEqual(shareOut([0, 0, 3], 50, never), [0, 0, 3]);
  assert.deepEqual(shareOut([], 50, never), []);
});

test('of a batch of one a lower class has its turn now and then', () => {
  assert.deepEqual(
    shareOut([5, 5], 1, () => 0.95),
    [0, 1],
  );
  assert.deepEqual(
    shareOut([5, 5], 1, () => 0.5),
    [1, 0],
  );
});
