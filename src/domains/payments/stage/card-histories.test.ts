import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { CardFacts, GatewayNews } from '#payments/card-gateway';
import { accountOf } from '#payments/cards';
import { createPayments } from '#payments/create-payments';
import { applyNews } from '#payments/news';
import { createNewsContext } from '#payments/workers';
import { testDatabase } from '#testing';
import { balancesOf, furnishCards, judgeBooks, onlyGateway } from './card-fixture.ts';
import { CLOUD_PAYMENTS, cloudPaymentsAt } from './cloudpayments-outside.ts';

const database = await testDatabase();
const furnished = await furnishCards(database, CLOUD_PAYMENTS);
// Nobody is called: everything is told.
const card = cloudPaymentsAt('http://127.0.0.1:9', 'pk_nobody');
const house = { ...furnished, cardGateways: onlyGateway(card) };
const payments = createPayments(house);
const context = createNewsContext(house);
const ASKED = 10_000;

/** What happened at the gateway, which is the truth: payments, and what became of each of them. */
interface Happened {
  /** As asked for, or otherwise. */
  readonly amount: number;
  readonly fee: number;
  /** In tenths of what is left each time. */
  readonly refunds: readonly number[];
  readonly dispute: 'none' | 'opened' | 'lost' | 'won' | 'lost_at_once';
  readonly disputeFee: boolean;
}

const happened: fc.Arbitrary<Happened> = fc.record({
  amount: fc.constantFrom(ASKED, ASKED, ASKED, 100, 12_345),
  fee: fc.integer({ min: 0, max: 500 }),
  refunds: fc.array(fc.integer({ min: 1, max: 10 }), { maxLength: 3 }),
  dispute: fc.constantFrom('none', 'none', 'opened', 'lost', 'won', 'lost_at_once'),
  disputeFee: fc.boolean(),
});

/** What is one too many we give back ourselves, and nobody is here to do it: nobody else does it meanwhile. */
function alone(one: Happened): Happened {
  return one.amount === ASKED ? { ...one, refunds: [], dispute: 'none' } : one;
}

let names = 0;
let people = 0n;

function factsOf(transaction: string, amount: number): CardFacts {
  return { transaction, amountMinor: BigInt(amount), currency: 'RUB', test: false };
}

/** All that its gateway would tell of it, and what it owes us when all is told. */
function toldOf(one: Happened, of: { readonly payment: string; readonly account: string }) {
  names += 1;
  const transaction = `t${names}`;
  const { account, payment } = of;
  const facts = { ...factsOf(transaction, one.amount), payment, account };
  const news: GatewayNews[] = [
    {
      ...{ news: 'payment', payment },
      outcome: { outcome: 'accepted', facts: { ...facts, feeMinor: BigInt(one.fee) } },
    },
  ];
  let left = one.amount;
  for (const tenths of one.refunds) {
    const amount = Math.floor((left * tenths) / 10);
    if (amount === 0) continue;
    left -= amount;
    names += 1;
    const refund = { facts: factsOf(`r${names}`, amount), ofTransaction: transaction, of: payment };
    news.push({ news: 'refund', state: 'accepted', ...refund });
  }
  // Of a conflict people have to say first what it is.
  const isDisputed = one.dispute !== 'none' && one.amount === ASKED && left > 0;
  const tell = (kind: 'opened' | 'lost' | 'won' | 'fee', amount: number) => {
    const dispute = { id: `d${transaction}`, transaction, kind, currency: 'RUB', at: new Date() };
    news.push({ news: 'dispute', dispute: { ...dispute, amountMinor: BigInt(amount) } });
  };
  if (isDisputed && one.dispute !== 'lost_at_once') tell('opened', left);
  if (isDisputed && one.dispute.startsWith('lost')) tell('lost', left);
  if (isDisputed && one.dispute === 'won') tell('won', left);
  if (isDisputed && one.disputeFee) tell('fee', 15);
  const isTakenBack = isDisputed && one.dispute !== 'won';
  const fees = (one.amount === ASKED ? one.fee : 0) + (isDisputed && one.disputeFee ? 15 : 0);
  return { news, owed: left - (isTakenBack ? left : 0) - fees, fees };
}

const WAITING = ['later', 'unknown_order'];
const ROUNDS_MOST = 12;

/** As notifications are: what is about nothing yet is told again. */
async function tellAll(all: readonly GatewayNews[]): Promise<void> {
  let waiting = all;
  for (let round = 0; round < ROUNDS_MOST && waiting.length > 0; round += 1) {
    const again: GatewayNews[] = [];
    for (const news of waiting)
      if (WAITING.includes(await applyNews(context, { gateway: CLOUD_PAYMENTS, news })))
        again.push(news);
    waiting = again;
  }
  assert.deepEqual(waiting, [], 'everything finds its place');
}

async function newPayment() {
  people += 1n;
  const [payment = ''] = await database.transaction((tx) =>
    payments.cards.prepare(tx, [
      {
        ...{ customerId: people, msisdn: '+79160000001', amountMinor: BigInt(ASKED) },
        ...{ currency: 'RUB', reference: 'sub/0', offer: { description: 'A month' } },
        notAfter: new Date(house.clock.now().getTime() + 3_600_000),
      },
    ]),
  );
  return { payment, account: accountOf(people) };
}

test('in whatever order and however often it is told, the books say what the gateway owes', async () => {
  const histories = fc.oneof(
    fc.array(happened, { minLength: 1, maxLength: 1 }),
    fc.array(happened, { minLength: 2, maxLength: 4 }),
  );
  await fc.assert(
    fc.asyncProperty(histories, fc.infiniteStream(fc.nat()), async (history, chance) => {
      const of = await newPayment();
      const told = history.map((one) => toldOf(history.length > 1 ? alone(one) : one, of));
      const all = told.flatMap(({ news }) => [...news, ...news]);
      const shuffled = all
        .map((news) => ({ news, place: chance.next().value ?? 0 }))
        .toSorted((one, other) => one.place - other.place)
        .map(({ news }) => news);
      const before = await balancesOf(house.ledger, CLOUD_PAYMENTS);
      await tellAll(shuffled);
      const after = await balancesOf(house.ledger, CLOUD_PAYMENTS);
      const moved = (type: string) => Number((after[type] ?? 0n) - (before[type] ?? 0n));
      assert.equal(
        moved('receivable'),
        told.reduce((sum, { owed }) => sum + owed, 0),
      );
      assert.equal(
        moved('fees'),
        told.reduce((sum, { fees }) => sum + fees, 0),
      );
    }),
    { numRuns: 40 },
  );
  assert.deepEqual(await judgeBooks(database, house.ledger), []);
});

test.after(async () => {
  await card.close();
  await house.operators.close();
  await house.bus.close();
});
