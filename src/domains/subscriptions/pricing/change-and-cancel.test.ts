import assert from 'node:assert/strict';
import { test } from 'node:test';
import { basic, free, Life, local, priceOf, pro, refusal, utc, yearly } from './fixture.ts';
import type { Quote } from './quote.ts';
import { receiptLines } from './receipt.ts';

const amounts = ({ lines }: Quote) =>
  lines.map(({ amountMinor, kind }) => `${kind} ${amountMinor}`);
/** 1 to 31 March in Moscow, paid at 10:00. */
const MARCH = utc('2026-03-01T07:00');

test('an upgrade gives back the rest at the old price, asks for the rest at the new one, and shows the share', () => {
  const life = new Life({ at: MARCH });
  const quote = life.change(utc('2026-03-11T07:00'), pro);
  assert.deepEqual(amounts(quote), ['credit -20323', 'plan 60968']);
  for (const { share } of quote.lines) {
    assert.deepEqual(share, { numerator: 21n * 86_400n, denominator: 31n * 86_400n });
  }
  assert.equal(quote.dueMinor, 40_645n);
  assert.equal(quote.creditMinor, 0n);
  assert.deepEqual(
    { ...quote.next, at: local(quote.next?.at ?? MARCH, 'Europe/Moscow') },
    { at: '2026-04-01 10:00', period: 1, amountMinor: 90_000n, dueMinor: 90_000n },
  );
  assert.equal(life.now.period.number, 0, 'the period goes on');
});

test('by days the day of the change belongs to what comes after it, whatever the hour', () => {
  for (const hour of ['00:30', '12:00', '20:59']) {
    const life = new Life({ at: MARCH, precision: 'day' });
    const { lines } = life.change(utc(`2026-03-11T${hour}`), pro);
    assert.deepEqual(lines[1]?.share, { numerator: 21n, denominator: 31n }, hour);
  }
});

test('a downgrade waits for the end of the period, and costs nothing until then', () => {
  const life = new Life({ at: MARCH, price: pro });
  const quote = life.change(utc('2026-03-11T07:00'), basic);
  assert.deepEqual(amounts(quote), []);
  assert.equal(quote.dueMinor, 0n);
  assert.equal(local(quote.takesEffectAt, 'Europe/Moscow'), '2026-04-01 10:00');
  assert.equal(quote.next?.amountMinor, 30_000n);
  assert.equal(life.now.selection.price.plan, 'pro');
  assert.deepEqual(amounts(life.renew()), ['plan 30000']);
  assert.equal(life.now.selection.price.plan, 'basic');
  assert.equal(life.now.scheduled, undefined);
});

test('a downgrade that was asked for now leaves a credit, which pays the next charges', () => {
  const life = new Life({ at: MARCH, price: pro });
  const quote = life.change(utc('2026-03-11T07:00'), basic, { timing: 'now' });
  assert.deepEqual(amounts(quote), ['credit -60968', 'plan 20323']);
  assert.equal(quote.totalMinor, -40_645n);
  assert.equal(quote.dueMinor, 0n);
  assert.equal(quote.creditMinor, 40_645n);
  assert.deepEqual(quote.refunds, [], 'a refund is an act of its own');
  assert.equal(quote.next?.dueMinor, 0n);
  assert.equal(life.renew().balanceUsedMinor, 30_000n);
  assert.equal(life.now.balanceMinor, 10_645n);
  assert.equal(life.renew().dueMinor, 19_355n);
});

test('another interval begins a whole period now, and the bounds are counted from here', () => {
  const life = new Life({ at: MARCH, price: pro });
  const quote = life.change(utc('2026-03-11T07:00'), yearly);
  assert.deepEqual(amounts(quote), ['credit -60968', 'plan 900000']);
  assert.equal(quote.dueMinor, 839_032n);
  assert.equal(life.now.period.number, 1);
  assert.equal(local(life.now.period.end, 'Europe/Moscow'), '2027-03-11 10:00');
  assert.equal(quote.next?.period, 2);
});

test('from a year to a month: what the year still holds pays for months, nothing is asked for', () => {
  const life = new Life({ at: MARCH, price: yearly });
  const quote = life.change(utc('2026-08-30T07:00'), pro);
  assert.equal(quote.dueMinor, 0n);
  assert.equal(quote.lines[0]?.share.denominator, 365n * 86_400n);
  assert.equal(quote.creditMinor, (900_000n * 183n * 2n + 365n) / 730n - 90_000n);
});

test('more of the same is charged for the rest of the period; less of it from the next', () => {
  const life = new Life({ at: MARCH, quantity: 2 });
  const more = life.change(utc('2026-03-11T07:00'), basic, { quantity: 5 });
  assert.deepEqual(amounts(more), ['credit -40645', 'plan 101613']);
  const less = life.change(utc('2026-03-20T07:00'), basic, { quantity: 1 });
  assert.equal(less.dueMinor, 0n);
  assert.equal(less.next?.amountMinor, 30_000n);
  assert.equal(life.now.selection.quantity, 5);
});

test('within a trial everything is free, and the trial ends when it would have', () => {
  const life = new Life({ at: MARCH, trialDays: 14 });
  assert.deepEqual(amounts(life.quotes[0] as Quote), ['trial 0']);
  const ends = life.now.period.endsAt;
  const quote = life.change(utc('2026-03-05T07:00'), yearly);
  assert.deepEqual(amounts(quote), ['trial 0']);
  assert.equal(quote.dueMinor, 0n);
  assert.equal(life.now.period.endsAt.getTime(), ends.getTime());
  assert.equal(quote.next?.at.getTime(), ends.getTime());
  assert.equal(quote.next?.period, 0);
  assert.deepEqual(amounts(life.renew()), ['plan 900000']);
  assert.equal(local(life.now.period.end, 'Europe/Moscow'), '2027-03-15 10:00');
});

test('an end now gives back the unused part, to the payments that can still give it', () => {
  const life = new Life({ at: MARCH });
  life.change(utc('2026-03-11T07:00'), pro);
  const quote = life.take(utc('2026-03-21T07:00'), {
    ...{ kind: 'cancel', timing: 'now', unused: 'refund' },
  });
  assert.deepEqual(amounts(quote), ['credit -31935']);
  assert.deepEqual(quote.refunds, [{ payment: 'pay_2', amountMinor: 31_935n }]);
  assert.equal(quote.creditMinor, 0n);
  assert.equal(quote.next, undefined);
  assert.ok(life.ended);
});

test('what no card can take back becomes a credit', () => {
  const life = new Life({ at: MARCH, price: pro });
  life.put({
    payments: [
      { payment: 'pay_9', refundableMinor: 5n },
      { payment: 'pay_8', refundableMinor: 7n },
    ],
  });
  const quote = life.take(utc('2026-03-11T07:00'), {
    ...{ kind: 'cancel', timing: 'now', unused: 'refund' },
  });
  assert.deepEqual(quote.refunds, [
    { payment: 'pay_9', amountMinor: 5n },
    { payment: 'pay_8', amountMinor: 7n },
  ]);
  assert.equal(quote.creditMinor, 60_968n - 12n);
});

test('an end with the period costs and gives nothing, and nothing comes after it', () => {
  const life = new Life({ at: MARCH });
  const at = utc('2026-03-11T07:00');
  const quote = life.take(at, { kind: 'cancel', timing: 'period_end', unused: 'refund' });
  assert.deepEqual([quote.totalMinor, quote.creditMinor, quote.refunds], [0n, 0n, []]);
  assert.equal(local(quote.takesEffectAt, 'Europe/Moscow'), '2026-04-01 10:00');
  assert.equal(quote.next, undefined);
  assert.equal(refusal(life.input(at, { kind: 'renewal' })), 'ending');
  assert.equal(
    refusal(life.input(at, { kind: 'change', to: { price: pro, quantity: 1 } })),
    'ending',
  );
});

test('an end now that keeps the rest has no line', () => {
  const life = new Life({ at: MARCH });
  const quote = life.take(utc('2026-03-11T07:00'), {
    ...{ kind: 'cancel', timing: 'now', unused: 'keep' },
  });
  assert.deepEqual([quote.lines, quote.totalMinor], [[], 0n]);
});

test('a paused one that ends gets back what was left when it was paused', () => {
  const life = new Life({ at: MARCH });
  life.put({ phase: 'paused', pausedAt: utc('2026-03-11T07:00') });
  const quote = life.take(utc('2026-03-29T07:00'), {
    ...{ kind: 'cancel', timing: 'now', unused: 'refund' },
  });
  assert.equal(quote.totalMinor, -20_323n);
});

test('what can not be priced is refused with its reason', () => {
  const at = utc('2026-03-11T07:00');
  const change = (price = pro, quantity = 1, timing?: 'now' | 'period_end') =>
    ({ kind: 'change', to: { price, quantity }, ...(timing ? { timing } : {}) }) as const;
  const life = new Life({ at: MARCH });
  assert.equal(refusal(life.input(at, change(basic))), 'nothing_changes');
  assert.equal(refusal(life.input(at, change(basic, 1, 'now'))), 'nothing_changes');
  assert.equal(refusal(life.input(at, change(basic, 0))), 'quantity_invalid');
  assert.equal(refusal(life.input(at, change(basic, 1.5))), 'quantity_invalid');
  assert.equal(
    refusal(life.input(at, change(priceOf({ currency: 'EUR' }), 2))),
    'currency_differs',
  );
  assert.equal(refusal(life.input(utc('2026-04-01T07:00'), change())), 'period_over');
  life.put({ phase: 'paused', pausedAt: at });
  assert.equal(refusal(life.input(at, change())), 'paused');
  assert.equal(refusal(life.input(at, { kind: 'renewal' })), 'paused');
  life.put({ phase: 'unpaid', pausedAt: undefined, line: undefined });
  assert.equal(refusal(life.input(at, change())), 'period_unpaid');
});

test('who thinks better of a downgrade takes it back for nothing', () => {
  const life = new Life({ at: MARCH, price: pro });
  life.change(utc('2026-03-11T07:00'), basic);
  const again = { kind: 'change', to: { price: basic, quantity: 1 } } as const;
  assert.equal(refusal(life.input(utc('2026-03-12T07:00'), again)), 'nothing_changes');
  const quote = life.change(utc('2026-03-12T07:00'), pro);
  assert.equal(quote.dueMinor, 0n);
  assert.equal(quote.next?.amountMinor, 90_000n);
  assert.equal(life.now.scheduled, undefined);
});

test('the set-up fee is asked for with the first paid period, trial or not, and never again', () => {
  const withFee = priceOf({ setupFeeMinor: 10_000n });
  for (const trialDays of [0, 14]) {
    const life = new Life({ at: MARCH, price: withFee, trialDays });
    if (trialDays > 0) life.renew();
    assert.deepEqual(amounts(life.quotes.at(-1) as Quote), ['plan 30000', 'setup_fee 10000']);
    const dearer = priceOf({ plan: 'pro', unitPriceMinor: 90_000n, setupFeeMinor: 99_000n });
    const quote = life.change(new Date(life.now.period.start.getTime() + 86_400_000), dearer);
    assert.ok(quote.lines.every(({ kind }) => kind !== 'setup_fee'));
    assert.deepEqual(amounts(life.renew()), ['plan 90000']);
  }
});

test('a free plan has its line of nothing, in the day of a change too, and can be left again', () => {
  const life = new Life({ at: MARCH, price: free });
  assert.deepEqual(amounts(life.quotes[0] as Quote), ['plan 0']);
  assert.deepEqual(amounts(life.change(utc('2026-03-01T12:00'), basic)), [
    'credit 0',
    'plan 30000',
  ]);
  const back = life.change(utc('2026-03-01T15:00'), free, { timing: 'now' });
  assert.deepEqual(amounts(back), ['credit -30000', 'plan 0']);
  assert.deepEqual(amounts(life.change(utc('2026-03-01T16:00'), pro)), ['credit 0', 'plan 90000']);
  assert.equal(life.spentMinor, 90_000n);
});

test('the changes of one day come to the one from the first plan to the last', () => {
  const once = new Life({ at: MARCH });
  once.change(utc('2026-03-11T06:00'), pro);
  const often = new Life({ at: MARCH });
  const middle = priceOf({ plan: 'middle', unitPriceMinor: 50_000n });
  for (const [hour, price] of [
    ['06:00', middle],
    ['09:30', pro],
    ['11:00', basic],
    ['20:00', pro],
  ] as const)
    often.change(utc(`2026-03-11T${hour}`), price, { timing: 'now' });
  assert.equal(often.spentMinor, once.spentMinor);
  // 21:00 in London is the next day in Moscow.
  assert.notEqual(often.change(utc('2026-03-11T21:00'), middle, { timing: 'now' }).totalMinor, 0n);
});

test('the tax is the part within each line, and comes back with a credit exactly', () => {
  const life = new Life({ at: MARCH });
  const [paid] = life.quotes;
  assert.equal(paid?.taxMinor, 5410n, '30000 × 22 / 122 = 5409.8');
  const up = life.change(utc('2026-03-11T07:00'), pro);
  const [credit, plan] = up.lines;
  assert.equal(credit?.taxMinor, -3665n);
  assert.equal(plan?.taxMinor, 10_994n);
  assert.equal(up.taxMinor, 10_994n - 3665n);
  const all = new Life({ at: MARCH });
  const back = all.take(MARCH, { kind: 'cancel', timing: 'now', unused: 'refund' });
  assert.equal(back.taxMinor, -5410n);
  assert.equal(back.refunds[0]?.amountMinor, 30_000n);
});

test('a receipt has what was bought, at what the card pays for it', () => {
  const life = new Life({ at: MARCH, price: pro });
  const quote = life.change(utc('2026-03-11T07:00'), yearly);
  assert.deepEqual(
    receiptLines(quote).map(({ amountMinor, kind, plan }) => [kind, plan, amountMinor]),
    [['plan', 'pro-year', 839_032n]],
  );
  const fee = new Life({ at: MARCH, price: priceOf({ setupFeeMinor: 10_001n }) });
  const start = { ...(fee.quotes[0] as Quote), dueMinor: 20_000n };
  assert.deepEqual(
    receiptLines(start).map(({ amountMinor }) => amountMinor),
    [15_000n, 5000n],
  );
  assert.deepEqual(receiptLines({ ...start, dueMinor: 0n }), []);
});
