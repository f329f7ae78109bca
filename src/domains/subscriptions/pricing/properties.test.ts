import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { receiptLines, taxWithin } from '#subscriptions/pricing';
import { Life, priceOf, vat } from './fixture.ts';
import type { Price } from './price.ts';
import type { Quote } from './quote.ts';

/** Generated lives of a subscription: plans, moments, zones and precisions around month ends, leap days and changes of the clocks. */
interface Situation {
  readonly at: Date;
  readonly timeZone: string;
  readonly precision: 'second' | 'day';
  readonly prices: readonly bigint[];
  readonly parts: readonly number[];
}

const situation: fc.Arbitrary<Situation> = fc.record({
  at: fc
    .tuple(
      fc.constantFrom(
        ...['2026-01-29T12:00Z', '2026-01-31T09:00Z', '2028-02-29T05:00Z', '2026-03-28T01:30Z'],
        ...['2026-10-24T23:30Z', '2026-12-31T20:59Z', '2027-02-28T18:59Z'],
      ),
      fc.integer({ min: -100_000, max: 100_000 }),
    )
    .map(([text, seconds]) => new Date(Date.parse(text) + seconds * 1000)),
  timeZone: fc.constantFrom('Europe/Moscow', 'Europe/Berlin', 'Asia/Karachi', 'America/New_York'),
  precision: fc.constantFrom('second', 'day'),
  prices: fc.array(fc.bigInt({ min: 0n, max: 10n ** 8n }), { minLength: 1, maxLength: 8 }),
  parts: fc.array(fc.double({ min: 0, max: 0.9999, noNaN: true }), { minLength: 8, maxLength: 8 }),
});

const month = (plan: number, unitPriceMinor: bigint) =>
  priceOf({ plan: `plan-${plan}`, unitPriceMinor });

/** Moments of one period, in order: rising parts of its length. */
function momentsOf(life: Life, parts: readonly number[]): readonly Date[] {
  const { endsAt, start } = life.now.period;
  const lengthMs = endsAt.getTime() - start.getTime();
  return parts
    .toSorted((one, other) => one - other)
    .map((part) => new Date(start.getTime() + Math.floor(part * lengthMs)));
}

function begin({ at, precision, prices, timeZone }: Situation): Life {
  return new Life({ at, precision, timeZone, price: month(0, prices[0] ?? 0n) });
}

const now = { timing: 'now' } as const;

function everySituation(holds: (situation: Situation) => void): void {
  fc.assert(fc.property(situation, holds), { numRuns: 400 });
}

test('up and down again at the same instant costs nothing', () => {
  everySituation((one) => {
    const life = begin(one);
    const before = life.spentMinor;
    const first = life.now.selection.price;
    const [at = one.at] = momentsOf(life, one.parts);
    for (const [index, price] of one.prices.entries())
      life.change(at, month(index + 1, price), now);
    life.change(at, first, now);
    assert.equal(life.spentMinor, before);
  });
});

test('only the last of several changes at one instant matters, in whichever order the others came', () => {
  everySituation((one) => {
    const [at = one.at] = momentsOf(begin(one), one.parts);
    const last = month(99, one.prices.at(-1) ?? 0n);
    const spent = [one.prices, one.prices.toReversed(), []].map((order) => {
      const life = begin(one);
      for (const [index, price] of order.entries()) life.change(at, month(index + 1, price), now);
      life.change(at, last, now);
      return life.spentMinor;
    });
    assert.deepEqual(new Set(spent).size, 1);
  });
});

test('a period that is cut at any moments into the same price costs that price', () => {
  everySituation((one) => {
    const [price = 0n] = one.prices;
    const life = begin(one);
    for (const [index, at] of momentsOf(life, one.parts).entries())
      life.change(at, month(index + 1, price), now);
    assert.equal(life.spentMinor, price);
  });
});

test('what is paid is the time-weighted price, but for one unit a line', () => {
  everySituation((one) => {
    const life = begin(one);
    const moments = momentsOf(life, one.parts);
    for (const [index, price] of one.prices.entries()) {
      const at = moments[index];
      if (index > 0 && at) life.change(at, month(index, price), now);
    }
    const lines = life.quotes.flatMap((quote) => quote.lines);
    const plans = lines.filter(({ kind }) => kind === 'plan');
    const whole = plans.find((line) => line.share.denominator > 1n)?.share.denominator ?? 1n;
    // Each plan for the time from its line to the next one's, as exact fractions of the period.
    const left = plans.map(({ share }) => (share.numerator * whole) / share.denominator);
    const exact = plans.reduce(
      (sum, line, index) =>
        sum + line.periodPriceMinor * ((left[index] ?? 0n) - (left[index + 1] ?? 0n)),
      0n,
    );
    const away = life.spentMinor * whole - exact;
    assert.ok(away <= BigInt(lines.length) * whole && -away <= BigInt(lines.length) * whole);
  });
});

interface Turn {
  readonly do: 'change' | 'downgrade' | 'renew' | 'cancel';
  readonly price: Price;
  readonly quantity: number;
  readonly part: number;
}

const turn: fc.Arbitrary<Turn> = fc.record({
  do: fc.constantFrom('change', 'change', 'downgrade', 'renew', 'renew', 'cancel'),
  price: fc
    .record({
      plan: fc.constantFrom('a', 'b', 'c', 'd'),
      unitPriceMinor: fc.constantFrom(0n, 1n, 333n, 29_900n, 1_000_000n),
      setupFeeMinor: fc.constantFrom(0n, 5000n),
      interval: fc.constantFrom(
        ...[{ unit: 'day', count: 7 } as const, { unit: 'month', count: 1 } as const],
        ...[{ unit: 'month', count: 12 } as const, { unit: 'day', count: 30 } as const],
      ),
    })
    .map(priceOf),
  quantity: fc.integer({ min: 1, max: 5 }),
  part: fc.double({ min: 0, max: 0.9999, noNaN: true }),
});

function live(one: Situation, turns: readonly Turn[], check: (quote: Quote, life: Life) => void) {
  const life = new Life({ ...one, price: priceOf({ unitPriceMinor: one.prices[0] ?? 0n }) });
  let at = one.at;
  for (const next of turns) {
    if (life.ended) return life;
    const { endsAt } = life.now.period;
    at = new Date(at.getTime() + Math.floor(next.part * (endsAt.getTime() - at.getTime())));
    if (next.do === 'renew') {
      at = endsAt;
      check(life.renew(), life);
    } else if (next.do === 'cancel') {
      check(life.take(at, { kind: 'cancel', timing: 'now', unused: 'refund' }), life);
    } else {
      const { price, quantity } = next;
      const timing = next.do === 'change' ? 'now' : 'period_end';
      const to = { price: { ...price, version: life.quotes.length + 1 }, quantity };
      check(life.take(at, { kind: 'change', timing, to }), life);
    }
  }
  return life;
}

function everyLife(holds: (one: Situation, turns: readonly Turn[]) => void): void {
  fc.assert(fc.property(situation, fc.array(turn, { maxLength: 25 }), holds), { numRuns: 300 });
}

test('nothing payable is ever negative, lines sum to their total, and every kopek goes somewhere', () => {
  everyLife((one, turns) => {
    live(one, turns, (quote) => {
      const refunded = quote.refunds.reduce((sum, { amountMinor }) => sum + amountMinor, 0n);
      assert.ok(quote.dueMinor >= 0n && quote.creditMinor >= 0n && quote.balanceUsedMinor >= 0n);
      const sum = quote.lines.reduce((total, { amountMinor }) => total + amountMinor, 0n);
      assert.equal(sum, quote.totalMinor);
      const { balanceUsedMinor, creditMinor, dueMinor } = quote;
      assert.equal(quote.totalMinor, dueMinor + balanceUsedMinor - creditMinor - refunded);
      for (const line of quote.lines) {
        assert.ok(line.kind === 'credit' ? line.amountMinor <= 0n : line.amountMinor >= 0n);
        assert.ok(line.share.numerator <= line.share.denominator);
      }
    });
  });
});

test('nobody gets back more than he paid, however often he changes', () => {
  everyLife((one, turns) => {
    live(one, turns, (_, life) => {
      assert.ok(life.refundedMinor <= life.chargedMinor);
      assert.ok(life.spentMinor >= 0n);
      if (!life.ended) assert.ok(life.now.balanceMinor <= life.chargedMinor);
    });
  });
});

test('periods touch whatever was changed, and their numbers rise', () => {
  everyLife((one, turns) => {
    let last: { number: number; endsAt: Date } | undefined;
    live(one, turns, (quote) => {
      const period = quote.after?.period;
      if (!period) return;
      if (last && period.number === last.number + 1) {
        const cut = period.start.getTime();
        assert.ok(cut <= last.endsAt.getTime(), 'no time lies between two periods');
      } else if (last) assert.equal(period.number, last.number);
      last = period;
    });
  });
});

test('tax that was charged and tax that was given back are the tax of what was kept', () => {
  everySituation((one) => {
    const [price = 0n] = one.prices;
    const life = begin(one);
    const [at = one.at] = momentsOf(life, one.parts);
    const start = life.quotes[0];
    const end = life.take(at, { kind: 'cancel', timing: 'now', unused: 'refund' });
    const kept = price + end.totalMinor;
    assert.equal((start?.taxMinor ?? 0n) + end.taxMinor, taxWithin(kept, vat));
  });
});

test('a receipt sums to what the card is asked for, without a line below 0', () => {
  everyLife((one, turns) => {
    live(one, turns, (quote) => {
      const lines = receiptLines(quote);
      assert.ok(lines.every(({ amountMinor }) => amountMinor >= 0n));
      assert.equal(
        lines.reduce((sum, { amountMinor }) => sum + amountMinor, 0n),
        quote.dueMinor,
      );
    });
  });
});

test('what a quote says of the next charge is what the next charge is', () => {
  everyLife((one, turns) => {
    let said: Quote['next'];
    live(one, turns, (quote) => {
      const renewed =
        quote.takesEffectAt.getTime() === said?.at.getTime() && quote.lines.length > 0;
      if (said && renewed && quote.after?.period.number === said.period) {
        assert.equal(quote.totalMinor, said.amountMinor);
        assert.equal(quote.dueMinor, said.dueMinor);
      }
      said = quote.next;
    });
  });
});
