import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Answer, judgeAnswer, retryDelayMs } from './judge-answer.ts';

const now = new Date('2026-03-01T10:00:00Z');
const giveUpAt = new Date('2026-03-04T10:00:00Z');
const options = { now, chance: 0.5 };
const answered = (status: number, more: { retryAfterMs?: number } = {}): Answer => ({
  ...{ outcome: 'answered', status, response: '', tookMs: 1, ...more },
});

test('2xx alone is success; 410 ends; what says trouble counts for the breaker, other answers do not', () => {
  for (let status = 200; status < 600; status += 1) {
    const { receiver, state } = judgeAnswer(answered(status), { tries: 1, giveUpAt }, options);
    assert.equal(state, status < 300 ? 'delivered' : status === 410 ? 'dead' : 'waiting');
    const isDown = status >= 500 || [408, 425, 429].includes(status);
    assert.equal(receiver, status === 410 ? 'gone' : isDown ? 'down' : 'up');
  }
  const silent = { outcome: 'failed', reason: 'timeout', tookMs: 1 } as const;
  const { outcome, receiver, state } = judgeAnswer(silent, { tries: 1, giveUpAt }, options);
  assert.deepEqual([outcome, receiver, state], ['timeout', 'down', 'waiting']);
});

test('the next attempt is later than now, never after the end, and at the end it is dead', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 1000 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.integer({ min: -10, max: 80 }),
      fc.option(fc.integer({ min: 0, max: 10 ** 9 }), { nil: undefined }),
      (tries, chance, hours, retryAfterMs) => {
        const at = new Date(now.getTime() + hours * 3_600_000);
        const answer = answered(503, retryAfterMs === undefined ? {} : { retryAfterMs });
        const { nextAttemptAt, state } = judgeAnswer(
          answer,
          { tries, giveUpAt },
          { now: at, chance },
        );
        assert.equal(state, at >= giveUpAt ? 'dead' : 'waiting');
        if (state === 'waiting') assert.ok(nextAttemptAt > at && nextAttemptAt <= giveUpAt);
      },
    ),
  );
});

test('delays grow to eight hours and stay there', () => {
  const seconds = Array.from({ length: 11 }, (_, at) => retryDelayMs(at + 1, 0.5) / 1000);
  assert.deepEqual(seconds, [5, 15, 45, 135, 405, 1215, 3645, 10_935, 28_800, 28_800, 28_800]);
});
