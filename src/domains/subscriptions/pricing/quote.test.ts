import assert from 'node:assert/strict';
import { test } from 'node:test';
import { confirmQuote, quote } from '#subscriptions/pricing';
import { basic, Life, priceOf, pro, quoted, utc } from './fixture.ts';

const MARCH = utc('2026-03-01T07:00');
const AT = utc('2026-03-11T07:00');
const minutesLater = (minutes: number) => new Date(AT.getTime() + minutes * 60_000);

function shownOf(life: Life) {
  const input = life.input(AT, { kind: 'change', to: { price: pro, quantity: 1 } });
  return { input, shown: quoted(input) };
}

test('what is agreed to is what was shown, to the last digit, minutes later', () => {
  const { input, shown } = shownOf(new Life({ at: MARCH }));
  const result = confirmQuote(input, shown, minutesLater(14));
  assert.deepEqual(result, { outcome: 'agreed', quote: shown });
});

test('after fifteen minutes, or at the end of the period, it has expired and is told anew', () => {
  const life = new Life({ at: MARCH });
  const { input, shown } = shownOf(life);
  assert.equal(shown.expiresAt.getTime(), minutesLater(15).getTime());
  const late = confirmQuote(input, shown, minutesLater(15));
  assert.equal(late.outcome, 'expired');
  assert.deepEqual(
    late.outcome === 'expired' && late.fresh,
    quote({ ...input, at: minutesLater(15) }),
  );
  const last = utc('2026-04-01T06:55');
  const atEnd = life.input(last, { kind: 'change', to: { price: pro, quantity: 1 } });
  assert.equal(quoted(atEnd).expiresAt.toISOString(), '2026-04-01T07:00:00.000Z');
});

test('whatever it was computed from makes it stale when it changes', () => {
  const life = new Life({ at: MARCH });
  const { input, shown } = shownOf(life);
  const { request } = input;
  assert.ok(request.kind === 'change');
  const { subscription } = request;
  const changed = [
    { ...request, to: { price: pro, quantity: 2 } },
    { ...request, to: { price: priceOf({ ...pro, version: 2 }), quantity: 1 } },
    { ...request, timing: 'now' as const },
    { ...request, subscription: { ...subscription, balanceMinor: 1n } },
    { ...request, subscription: { ...subscription, id: 'sub_2' } },
    {
      ...request,
      subscription: { ...subscription, scheduled: { price: basic, quantity: 2 } },
    },
    {
      ...request,
      subscription: {
        ...subscription,
        coupons: [
          { code: 'NEW', fromPeriod: 0, discount: { kind: 'percent', basisPoints: 1 } } as const,
        ],
      },
    },
  ];
  for (const one of changed) {
    const result = confirmQuote({ ...input, request: one }, shown, minutesLater(1));
    assert.equal(result.outcome, 'stale');
  }
  const byDays = confirmQuote({ ...input, precision: 'day' }, shown, minutesLater(1));
  assert.equal(byDays.outcome, 'stale');
});

test('nobody gets a better price by saying another moment', () => {
  const { input, shown } = shownOf(new Life({ at: MARCH }));
  const later = quoted({ ...input, at: minutesLater(600) });
  assert.ok(later.dueMinor < shown.dueMinor);
  assert.equal(confirmQuote(input, later, minutesLater(1)).outcome, 'stale');
  const forged = { at: minutesLater(-10), hash: shown.hash };
  assert.equal(confirmQuote(input, forged, minutesLater(1)).outcome, 'stale');
});

test('the second of two that were shown at once is stale once the first was taken', () => {
  const life = new Life({ at: MARCH });
  const { input, shown } = shownOf(life);
  life.take(AT, { kind: 'change', to: { price: pro, quantity: 1 } });
  const again = life.input(AT, { kind: 'change', to: { price: pro, quantity: 1 } });
  assert.equal(confirmQuote(again, shown, minutesLater(1)).outcome, 'stale');
  assert.equal(confirmQuote(input, shown, minutesLater(1)).outcome, 'agreed', 'of the old facts');
});

test('the order in which fields were written, and fields without a value, change no hash', () => {
  const { input, shown } = shownOf(new Life({ at: MARCH }));
  const { request } = input;
  assert.ok(request.kind === 'change');
  const turned = Object.fromEntries(Object.entries(request.subscription).toReversed());
  const subscription = { ...turned, pausedAt: undefined } as unknown as typeof request.subscription;
  assert.equal(quoted({ ...input, request: { ...request, subscription } }).hash, shown.hash);
});
