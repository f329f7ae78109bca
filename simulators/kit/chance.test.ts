import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chance } from './chance.ts';

test('chance is repeatable, spread evenly, and other for another seed', () => {
  const draws = Array.from({ length: 4_000 }, (_, index) => chance(7, '923001234567', index));
  assert.deepEqual(draws[5], chance(7, '923001234567', 5));
  assert.notEqual(draws[5], chance(8, '923001234567', 5));
  const low = draws.filter((draw) => draw < 0.25).length;
  assert.ok(low > 900 && low < 1_100, `${low} of 4000 under a quarter`);
});
