import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  billedPeriod,
  createAnchor,
  namedIntervals,
  periodAt,
  remainingShare,
  resume,
  shareOf,
} from '#subscriptions/pricing';
import { basic, free, Life, local, priceOf, pro, utc, yearly } from './fixture.ts';

/** Mistakes that other billing systems were reported to have, by the number of the report, each as proof that this one has not. */

const HOUR_MS = 3_600_000;

test('Lago 6194: a quarter that was entered late is still prorated by its whole length', () => {
  const quarterly = priceOf({ unitPriceMinor: 91_000n, interval: namedIntervals.three_months });
  const larger = priceOf({ ...quarterly, plan: 'larger', unitPriceMinor: 182_000n });
  const life = new Life({ at: utc('2026-04-01T07:00'), price: quarterly, precision: 'day' });
  // The second change is of a line that began 42 days before the end: 91 days remain the whole.
  life.change(utc('2026-05-20T07:00'), larger);
  const third = priceOf({ ...quarterly, plan: 'third', unitPriceMinor: 273_000n });
  const { lines } = life.change(utc('2026-06-10T07:00'), third);
  assert.deepEqual(
    lines.map(({ share }) => share.denominator),
    [91n, 91n],
  );
  assert.deepEqual(
    lines.map(({ amountMinor }) => amountMinor),
    [-42_000n, 63_000n],
  );
});

test('Lago 1246: days are those of the subscriber, not of the server', () => {
  // 20:30 in London on the 10th is the 11th in Karachi.
  const at = utc('2026-03-10T20:30');
  const shares = ['Asia/Karachi', 'Europe/London'].map((timeZone) => {
    const life = new Life({ at: utc('2026-03-01T12:00'), timeZone, precision: 'day' });
    return life.change(at, pro).lines[1]?.share.numerator;
  });
  assert.deepEqual(shares, [21n, 22n]);
});

test('Lago 1179: from a month to a year gives back the month and asks for one whole year', () => {
  const life = new Life({ at: utc('2026-01-31T07:00'), price: pro, precision: 'day' });
  const quote = life.change(utc('2026-02-14T07:00'), yearly);
  assert.deepEqual(
    quote.lines.map(({ amountMinor }) => amountMinor),
    [-45_000n, 900_000n],
  );
  assert.equal(local(life.now.period.end, 'Europe/Moscow'), '2027-02-14 10:00');
});

test('Lago 1695: no day is counted twice: the days of all plans of a period are its days', () => {
  const life = new Life({ at: utc('2026-03-01T07:00'), precision: 'day' });
  const days = ['2026-03-05T20:59', '2026-03-05T21:00', '2026-03-06T12:00', '2026-03-31T03:00'];
  for (const [index, at] of days.entries())
    life.change(utc(at), priceOf({ plan: `p${index}`, unitPriceMinor: 31_000n + BigInt(index) }));
  const plans = life.quotes.flatMap(({ lines }) => lines).filter(({ kind }) => kind === 'plan');
  const left = plans.map(({ share }) => (share.numerator * 31n) / share.denominator);
  assert.deepEqual(left, [31n, 27n, 26n, 26n, 1n]);
});

test('Lago 218: a period that ends on the 28th of February is a whole one', () => {
  const life = new Life({ at: utc('2026-01-31T07:00'), price: pro, precision: 'day' });
  const [line] = life.renew().lines;
  assert.equal(local(line?.from ?? utc('2026-01-01'), 'Europe/Moscow'), '2026-02-28 10:00');
  assert.equal(line?.amountMinor, 90_000n);
});

test('Lago 170: a downgrade can be had at once, too', () => {
  const life = new Life({ at: utc('2026-03-01T07:00'), price: pro });
  life.change(utc('2026-03-11T07:00'), basic, { timing: 'now' });
  assert.equal(life.now.selection.price.plan, 'basic');
});

test('Kill Bill 783, 877: from nothing to a price and back on the same day, however often', () => {
  const life = new Life({ at: utc('2026-03-01T07:00'), price: free });
  for (let round = 0; round < 4; round += 1) {
    life.change(new Date(utc('2026-03-10T06:00').getTime() + round * HOUR_MS), pro);
    life.change(utc(`2026-03-10T1${round}:00`), free, { timing: 'now' });
  }
  assert.equal(life.spentMinor, 0n);
  const lines = life.quotes.flatMap(({ lines }) => lines);
  assert.equal(lines.length, 1 + 4 * 2 * 2, 'lines of nothing are kept');
});

test('Kill Bill 1395: a new version with another set-up fee asks nobody for it', () => {
  const first = priceOf({ setupFeeMinor: 10_000n });
  const life = new Life({ at: utc('2026-03-01T07:00'), price: first });
  life.put({ scheduled: { price: priceOf({ version: 2, setupFeeMinor: 20_000n }), quantity: 1 } });
  assert.equal(life.renew().dueMinor, 30_000n);
  assert.equal(life.renew().dueMinor, 30_000n);
});

test('Kill Bill 2133: who subscribes on the 31st is asked on the last days of months, not on the 1st', () => {
  const life = new Life({ at: utc('2026-08-31T07:00') });
  const at = [life.renew(), life.renew(), life.renew()].map(({ takesEffectAt }) =>
    local(takesEffectAt, 'Europe/Moscow'),
  );
  assert.deepEqual(at, ['2026-09-30 10:00', '2026-10-31 10:00', '2026-11-30 10:00']);
});

test('Kill Bill 159, 160: after changes and pauses each period is billed, and each once', () => {
  const life = new Life({ at: utc('2026-03-01T07:00') });
  life.change(utc('2026-03-11T07:00'), pro);
  const pausedAt = utc('2026-03-20T07:00');
  const until = { pausedAt, resumedAt: utc('2026-03-25T07:00'), maxDays: 90 };
  life.put(resume(life.now, until));
  life.change(utc('2026-03-26T07:00'), yearly);
  const periods = [0, 0, 1].concat(
    [life.renew(), life.renew()].map(({ after }) => after?.period.number ?? -1),
  );
  assert.deepEqual(periods, [0, 0, 1, 2, 3]);
  assert.equal(life.now.period.number, 3);
});

test('Kill Bill 126: a pause that begins later moves the end by its own time, not by the notice', () => {
  const anchor = createAnchor({
    ...{ at: utc('2026-03-01T07:00'), interval: namedIntervals.month, timeZone: 'Europe/Moscow' },
  });
  const period = billedPeriod(periodAt(anchor, 0));
  const pausedAt = utc('2026-03-28T07:00');
  const { period: later } = resume(
    { anchor, period },
    { pausedAt, resumedAt: utc('2026-04-02T07:00'), maxDays: 90 },
  );
  assert.equal(local(later.endsAt, 'Europe/Moscow'), '2026-04-06 10:00');
});

test('a period that was paused is prorated by its original length: the paused days are not sold twice', () => {
  const life = new Life({ at: utc('2026-03-01T07:00') });
  const pausedAt = utc('2026-03-11T07:00');
  life.put(resume(life.now, { pausedAt, resumedAt: utc('2026-03-21T07:00'), maxDays: 90 }));
  const how = { precision: 'second', timeZone: 'Europe/Moscow' } as const;
  const before = remainingShare(
    new Life({ at: utc('2026-03-01T07:00') }).now.period,
    pausedAt,
    how,
  );
  assert.deepEqual(remainingShare(life.now.period, utc('2026-03-21T07:00'), how), before);
  const [credit] = life.change(utc('2026-03-21T07:00'), pro).lines;
  assert.equal(credit?.amountMinor, -shareOf(30_000n, before));
});

test('a pause between two changes of one day does not make the second dearer', () => {
  const life = new Life({ at: utc('2026-03-01T07:00') });
  life.change(utc('2026-03-11T06:00'), pro);
  const spent = life.spentMinor;
  const pausedAt = utc('2026-03-11T07:00');
  life.put(resume(life.now, { pausedAt, resumedAt: utc('2026-03-11T10:00'), maxDays: 90 }));
  life.change(utc('2026-03-11T11:00'), basic, { timing: 'now' });
  life.change(utc('2026-03-11T12:00'), pro);
  assert.equal(life.spentMinor, spent);
});

test('by days, the day of an end was used, also the first one', () => {
  const on = (at: string) => {
    const life = new Life({
      at: utc('2026-03-01T07:00'),
      precision: 'day',
      price: priceOf({ unitPriceMinor: 31_000n }),
    });
    return life.take(utc(at), { kind: 'cancel', timing: 'now', unused: 'refund' }).totalMinor;
  };
  assert.deepEqual(['2026-03-01T07:00', '2026-03-11T12:00', '2026-03-31T12:00'].map(on), [
    ...[-30_000n, -20_000n, 0n],
  ]);
});

test('Flowglad 1309: an upgrade in the middle of a period leaves no credit behind it', () => {
  const life = new Life({ at: utc('2026-03-01T07:00') });
  const quote = life.change(utc('2026-03-11T07:00'), pro);
  assert.deepEqual([quote.creditMinor, life.now.balanceMinor], [0n, 0n]);
  const again = life.change(
    utc('2026-03-21T07:00'),
    priceOf({ ...pro, plan: 'top', unitPriceMinor: 120_000n }),
  );
  assert.equal(again.lines.filter(({ kind }) => kind === 'credit').length, 1);
});

test('Flowglad 1009: a renewal of nothing asks for nothing', () => {
  const life = new Life({ at: utc('2026-03-01T07:00'), price: free });
  const quote = life.renew();
  assert.equal(quote.dueMinor, 0n);
  assert.equal(life.now.phase, 'paid');
  assert.equal(quote.next?.dueMinor, 0n);
});
