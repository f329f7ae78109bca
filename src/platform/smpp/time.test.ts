import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { absoluteTime, RELATIVE_MOST_MS, readTime, relativeTime } from './time.ts';

test('a relative time is whole seconds, and never more than asked for', () => {
  assert.equal(relativeTime(270_000), '000000000430000R');
  assert.equal(relativeTime(270_999), '000000000430000R');
  assert.equal(relativeTime(0), '000000000000000R');
  assert.equal(relativeTime(-5), '000000000000000R');
  assert.equal(relativeTime(3 * 86_400_000 + 3_600_000), '000003010000000R');
  assert.equal(relativeTime(Number.MAX_SAFE_INTEGER), '000030235959000R');
  fc.assert(
    fc.property(fc.nat(RELATIVE_MOST_MS), (ms) => {
      const [, days, hours, minutes, seconds] =
        /^0000(\d\d)(\d\d)(\d\d)(\d\d)000R$/.exec(relativeTime(ms)) ?? [];
      const told =
        (((Number(days) * 24 + Number(hours)) * 60 + Number(minutes)) * 60 + Number(seconds)) *
        1000;
      assert.ok(told <= ms && told > ms - 1000);
    }),
  );
});

test('an absolute time is read as it was written, to the second', () => {
  assert.equal(absoluteTime(new Date('2026-11-25T21:05:09.870Z')), '261125210509800+');
  fc.assert(
    fc.property(
      fc.date({
        ...{ min: new Date('2001-01-01'), max: new Date('2099-12-31'), noInvalidDate: true },
      }),
      (at) => {
        const second = Math.floor(at.getTime() / 1000) * 1000;
        assert.equal(readTime(absoluteTime(at))?.getTime(), second);
      },
    ),
  );
});

test('times of receipts are read with and without seconds, in their zone', () => {
  const read = (text: string, ahead = 0) => readTime(text, ahead)?.toISOString();
  assert.equal(read('2611252105'), '2026-11-25T21:05:00.000Z');
  assert.equal(read('261125210509'), '2026-11-25T21:05:09.000Z');
  assert.equal(read('20261125210509'), '2026-11-25T21:05:09.000Z');
  assert.equal(read('2611250105', 180), '2026-11-24T22:05:00.000Z');
  assert.equal(read('261125010509012+', -60), '2026-11-24T22:05:09.000Z');
});

test('what is no time is none', () => {
  for (const text of ['', '0', '2613252105', '2611322105', '2611252505', '000000000430000R', 'x'])
    assert.equal(readTime(text), undefined, text);
});
