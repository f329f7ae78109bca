import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Agenda } from './agenda.ts';

test('what is due is taken by time, and what is due at once as it came', () => {
  const times = fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 200 });
  fc.assert(
    fc.property(times, fc.integer({ min: 0, max: 20 }), (dues, untilMs) => {
      const agenda = new Agenda<readonly [dueMs: number, place: number]>();
      const items = dues.map((dueMs, place) => [dueMs, place] as const);
      for (const item of items) agenda.add(item[0], item);
      const sorted = items.toSorted((left, right) => left[0] - right[0]);
      const due = sorted.filter(([dueMs]) => dueMs <= untilMs);
      assert.deepEqual(agenda.take(untilMs), due);
      assert.deepEqual(
        [agenda.size, agenda.nextMs],
        [dues.length - due.length, sorted[due.length]?.[0]],
      );
      assert.deepEqual(agenda.take(Number.POSITIVE_INFINITY), sorted.slice(due.length));
    }),
  );
});
