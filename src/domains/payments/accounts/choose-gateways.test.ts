import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { cardMethods } from './account.ts';
import { chooseGateways, type RoutableAccount, type RoutedPayment } from './choose-gateways.ts';

const CURRENCIES = ['RUB', 'USD', 'EUR'];
const BRANDS = ['visa', 'mastercard', 'mir'];

const some = <Word extends string>(words: readonly Word[]) =>
  fc.option(fc.subarray([...words], { minLength: 1 }), { nil: undefined });
const account = fc.record({
  name: fc.stringMatching(/^[a-z][a-z0-9_]{1,8}$/),
  enabled: fc.boolean(),
  isOpen: fc.boolean(),
  currencies: some(CURRENCIES),
  amountMinMinor: fc.option(fc.bigInt(0n, 1000n), { nil: undefined }),
  amountMaxMinor: fc.option(fc.bigInt(0n, 1000n), { nil: undefined }),
  brands: some(BRANDS),
  methods: some(cardMethods),
  weight: fc.integer({ min: 0, max: 100 }),
  reserve: fc.option(fc.integer({ min: 0, max: 5 }), { nil: undefined }),
}) satisfies fc.Arbitrary<RoutableAccount>;
const accounts = fc.uniqueArray(account, { selector: ({ name }) => name, maxLength: 12 });
const payment: fc.Arbitrary<RoutedPayment> = fc.record({
  amountMinor: fc.bigInt(0n, 1000n),
  currency: fc.constantFrom(...CURRENCIES),
  brand: fc.option(fc.constantFrom(...BRANDS), { nil: undefined }),
  method: fc.constantFrom(...cardMethods),
  seed: fc.string(),
});

/** An account that takes anything. */
const plain = (name: string, more: Partial<RoutableAccount> = {}): RoutableAccount => ({
  ...{ name, enabled: true, isOpen: false, weight: 1, ...more },
});
const pay = (more: Partial<RoutedPayment> = {}): RoutedPayment => ({
  ...{ amountMinor: 100n, currency: 'RUB', method: 'saved', seed: 'pay_1', ...more },
});
const names = (chosen: readonly RoutableAccount[]) => chosen.map(({ name }) => name);

/** The rules once more, each by itself. */
function mayTake(one: RoutableAccount, asked: RoutedPayment): boolean {
  if (!one.enabled) return false;
  if (one.currencies && !one.currencies.includes(asked.currency)) return false;
  if (one.amountMinMinor !== undefined && asked.amountMinor < one.amountMinMinor) return false;
  if (one.amountMaxMinor !== undefined && asked.amountMinor > one.amountMaxMinor) return false;
  if (one.brands && asked.brand !== undefined && !one.brands.includes(asked.brand)) return false;
  return !one.methods || one.methods.includes(asked.method);
}

test('every account that may take a payment is chosen once, and no other', () => {
  fc.assert(
    fc.property(accounts, payment, (all, asked) => {
      const allowed = names(all.filter((one) => mayTake(one, asked)));
      assert.deepEqual(names(chooseGateways(all, asked)).toSorted(), allowed.toSorted());
    }),
  );
});

test('the same payment is led the same way, in whatever order accounts are told', () => {
  fc.assert(
    fc.property(accounts, payment, fc.infiniteStream(fc.nat()), (all, asked, stream) => {
      const keys = [...stream.take(all.length)];
      const shuffled = all.toSorted((one, other) => {
        return (keys[all.indexOf(one)] ?? 0) - (keys[all.indexOf(other)] ?? 0);
      });
      assert.deepEqual(names(chooseGateways(shuffled, asked)), names(chooseGateways(all, asked)));
    }),
  );
});

test('an open breaker comes after all others, before it who has failed, and a brand that may not fit after those that fit', () => {
  const rank = (one: RoutableAccount, { brand, failed }: RoutedPayment) =>
    Number(one.isOpen) * 4 +
    Number(failed?.includes(one.name) ?? false) * 2 +
    Number(one.brands !== undefined && brand === undefined);
  fc.assert(
    fc.property(accounts, payment, fc.infiniteStream(fc.boolean()), (all, one, stream) => {
      const fails = [...stream.take(all.length)];
      const asked = { ...one, failed: names(all.filter((_, at) => fails[at])) };
      const ranks = chooseGateways(all, asked).map((one) => rank(one, asked));
      assert.deepEqual(
        ranks,
        ranks.toSorted((one, other) => one - other),
      );
    }),
  );
});

test('behind the first of equals the others stand by their place as a reserve, those without one last', () => {
  fc.assert(
    fc.property(accounts, payment, (all, asked) => {
      const equals = all.map((one) => ({ ...one, isOpen: false, brands: undefined }));
      const [, ...rest] = chooseGateways(equals, asked);
      const places = rest.map(({ reserve }) => reserve ?? Number.POSITIVE_INFINITY);
      assert.deepEqual(
        places,
        places.toSorted((one, other) => (one < other ? -1 : Number(one > other))),
      );
    }),
  );
});

test('one that comes, goes or fails moves only payments of its own', () => {
  fc.assert(
    fc.property(fc.array(fc.string(), { minLength: 1, maxLength: 200 }), (seeds) => {
      const all = [plain('one', { weight: 5 }), plain('two'), plain('three', { weight: 3 })];
      for (const seed of seeds) {
        const [before] = chooseGateways(all, pay({ seed }));
        const [after] = chooseGateways(all.slice(1), pay({ seed }));
        const failed = all.map((one) => ({ ...one, isOpen: one.name === 'one' }));
        const [without] = chooseGateways(failed, pay({ seed }));
        if (before?.name !== 'one') assert.equal(after?.name, before?.name);
        assert.equal(without?.name, after?.name);
      }
    }),
  );
});

const DRAWS = 20_000;
/** Standard deviations: one run in 16 million would go beyond by chance, and the seeds are the same each time. */
const SIGMAS = 5;

test('payments are shared by weight', () => {
  for (const weights of [
    [1, 1],
    [70, 20, 10],
    [1, 999],
    [3, 0, 1],
  ]) {
    const all = weights.map((weight, at) => plain(`gateway_${at}`, { weight }));
    const counts = new Map<string, number>();
    for (let draw = 0; draw < DRAWS; draw += 1) {
      const [first] = chooseGateways(all, pay({ seed: `pay_${draw}x1` }));
      counts.set(first?.name ?? '', (counts.get(first?.name ?? '') ?? 0) + 1);
    }
    const sum = weights.reduce((total, weight) => total + weight, 0);
    for (const [at, weight] of weights.entries()) {
      const share = weight / sum;
      const off = Math.abs((counts.get(`gateway_${at}`) ?? 0) - DRAWS * share);
      const most = SIGMAS * Math.sqrt(DRAWS * share * (1 - share));
      assert.ok(off <= most, `${weights} at ${at}: off by ${off}, at most ${most}`);
    }
  }
});

test('a reserve without weight is drawn only when nobody else may take the payment', () => {
  const all = [plain('main', { currencies: ['RUB'] }), plain('spare', { weight: 0, reserve: 1 })];
  for (let draw = 0; draw < 100; draw += 1) {
    const seed = `pay_${draw}`;
    assert.deepEqual(names(chooseGateways(all, pay({ seed }))), ['main', 'spare']);
    assert.deepEqual(names(chooseGateways(all, pay({ seed, currency: 'USD' }))), ['spare']);
  }
});

test('both ends of the amounts may be taken, and who is switched off takes nothing', () => {
  const one = plain('one', { amountMinMinor: 100n, amountMaxMinor: 200n });
  const taken = [99n, 100n, 200n, 201n].map(
    (amountMinor) => chooseGateways([one], pay({ amountMinor })).length,
  );
  assert.deepEqual(taken, [0, 1, 1, 0]);
  assert.deepEqual(chooseGateways([{ ...one, enabled: false }], pay()), []);
  assert.deepEqual(chooseGateways([], pay()), []);
});

test('a breaker that is open is no reason to refuse: it comes last', () => {
  const all = [
    plain('ill', { isOpen: true, weight: 1000, reserve: 0 }),
    plain('mir', { brands: ['mir'], weight: 1000, reserve: 0 }),
    plain('any'),
  ];
  assert.deepEqual(names(chooseGateways(all, pay())), ['any', 'mir', 'ill']);
  assert.deepEqual(names(chooseGateways(all, pay({ brand: 'visa' }))), ['any', 'ill']);
  assert.deepEqual(names(chooseGateways(all.slice(0, 1), pay())), ['ill']);
});
