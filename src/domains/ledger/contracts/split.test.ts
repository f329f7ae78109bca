import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { giveBack, type Part, type Share, splitAmount } from './split.ts';

const amount = fc.bigInt({ min: 1n, max: 10n ** 13n });
const shares: fc.Arbitrary<readonly Share[]> = fc
  .array(fc.integer({ min: 1, max: 2500 }), { maxLength: 4 })
  .map((points) =>
    points.map((basisPoints, n) => ({ type: 'payout', clientId: `p${n}`, basisPoints })),
  );
const sum = (parts: readonly Part[]) => parts.reduce((total, part) => total + part.amountMinor, 0n);

test('parts sum to the charge, each share rounded down, the platform with the rest', () => {
  fc.assert(
    fc.property(amount, shares, (whole, some) => {
      const parts = splitAmount(whole, some);
      assert.equal(sum(parts), whole);
      assert.ok(parts.every(({ amountMinor }) => amountMinor > 0n));
      for (const { basisPoints, clientId } of some) {
        const part = parts.find((one) => one.clientId === clientId);
        assert.equal(part?.amountMinor ?? 0n, (whole * BigInt(basisPoints)) / 10_000n);
      }
    }),
  );
});

test('refunds in any steps sum to themselves, and all of them together return every part', () => {
  fc.assert(
    fc.property(
      amount,
      shares,
      fc.array(fc.integer({ min: 1, max: 100 }), { maxLength: 8 }),
      (whole, some, steps) => {
        const parts = splitAmount(whole, some);
        const left = new Map(
          parts.map((part) => [`${part.type} ${part.clientId}`, part.amountMinor]),
        );
        let refundedMinor = 0n;
        for (const step of [...steps, 100]) {
          const rest = whole - refundedMinor;
          const amountMinor = step === 100 ? rest : (rest * BigInt(step)) / 100n;
          if (amountMinor === 0n) continue;
          const given = giveBack(parts, { refundedMinor, amountMinor });
          assert.equal(sum(given), amountMinor);
          for (const part of given) {
            const name = `${part.type} ${part.clientId}`;
            left.set(name, (left.get(name) ?? 0n) - part.amountMinor);
          }
          refundedMinor += amountMinor;
          if (refundedMinor === whole) break;
        }
        assert.ok([...left.values()].every((amountLeft) => amountLeft === 0n));
      },
    ),
  );
});

test('more than what is left of a charge is never given back', () => {
  const parts = splitAmount(500n, []);
  for (const refund of [
    { refundedMinor: 0n, amountMinor: 501n },
    { refundedMinor: 400n, amountMinor: 101n },
    { refundedMinor: 0n, amountMinor: 0n },
    { refundedMinor: 0n, amountMinor: -1n },
  ]) {
    assert.throws(() => giveBack(parts, refund), RangeError);
  }
});
