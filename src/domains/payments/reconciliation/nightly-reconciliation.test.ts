import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { dueSpan } from './nightly-reconciliation.ts';

const at = (text: string) => new Date(text);

test('once a night, and again after a night that was missed', () => {
  const first = dueSpan(at('2026-11-20T07:00:00Z'), undefined);
  assert.deepEqual(first, { from: at('2026-11-17T06:50:00Z'), to: at('2026-11-20T06:50:00Z') });
  assert.equal(dueSpan(at('2026-11-20T23:59:00Z'), first?.to), undefined);
  assert.equal(dueSpan(at('2026-11-21T00:59:00Z'), first?.to), undefined);
  const late = dueSpan(at('2026-11-28T02:00:00Z'), first?.to);
  assert.deepEqual(late?.from, at('2026-11-19T06:50:00Z'));
});

test('no moment is left out, whenever it is run', () => {
  const hours = fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 40 });
  fc.assert(
    fc.property(hours, (gaps) => {
      let now = at('2026-11-01T00:00:00Z').getTime();
      let compared: Date | undefined;
      for (const gap of gaps) {
        now += gap * 3_600_000;
        const span = dueSpan(new Date(now), compared);
        if (!span) continue;
        if (compared) assert.ok(span.from <= compared, 'it begins before the last one ended');
        assert.ok(span.to.getTime() < now);
        compared = span.to;
      }
    }),
  );
});
