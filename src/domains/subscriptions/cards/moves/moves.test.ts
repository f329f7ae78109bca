import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as gateway from '#simulators/cloudpayments';
import type { StartConsent } from '#subscriptions/cards/orders';
import {
  type Life,
  lives,
  monthly,
  moveHands,
  mustHold,
  openShop,
  runChild,
} from '#subscriptions/cards/stage';
import { runMoves } from './run-moves.ts';

const shop = await openShop(gateway, { runs: false });
const { cards, context, database, worker } = shop;
const { begin, buys, decline, quiet, until } = lives(shop);
const { buyer, crowd, moves, offers, over, previews, priced, runs, smsOf } = moveHands(shop);

const none = { moved: 0, waiting: 0, ended: 0, kept: 0, called_off: 0 };

test('looked at first: how many, from which versions, what it comes to; nobody is told', async () => {
  worker.start();
  await begin();
  const plan = await offers();
  const first = [await buyer(plan), await buyer(plan)];
  await priced(plan, 21_900n);
  const second = await buyer(plan);
  await priced(plan, 24_900n);
  const { move, parts } = await previews(plan);
  assert.deepEqual([move.state, move.total, move.version], ['previewed', 3, 3]);
  assert.deepEqual(
    parts.map((part) => [part.version, part.subscriptions, part.differenceMinor, part.raises]),
    [
      [1, 2, 10_000n, true],
      [2, 1, 3000n, true],
    ],
  );
  for (const life of [...first, second]) {
    assert.equal((await life.now()).move, null);
    assert.deepEqual(await smsOf(life, 'price_change'), []);
  }
  await over(...first, second);
});

test('a higher price: told once, then charged from the first period that begins after the notice', async () => {
  await begin();
  const plan = await offers();
  const life = await buyer(plan);
  await until('2026-12-12');
  await priced(plan, 24_900n);
  const { report } = await moves(plan);
  assert.deepEqual((await report()).outcomes, { ...none, waiting: 1 });
  const [said = ''] = await smsOf(life, 'price_change');
  assert.match(said, /249\.00.RUB a month instead of 199\.00.RUB a month from 2027-01-20/);
  await until('2027-02-21');
  assert.deepEqual((await life.story()).slice(2), [
    '12-12 10:00 price_changing active',
    '12-17 10:00 charge_coming active',
    '12-20 09:00 renewed active',
    '01-17 10:00 charge_coming active',
    '01-20 09:00 renewed active',
    '02-17 10:00 charge_coming active',
    '02-20 09:00 renewed active',
  ]);
  assert.deepEqual(await life.book(), [19_900, 19_900, 24_900, 24_900]);
  assert.deepEqual((await report()).outcomes, { ...none, moved: 1 });
  assert.equal((await smsOf(life, 'price_change')).length, 1);
  await over(life);
});

test('a lower price holds from the next period on, and a set-up fee is never asked for again', async () => {
  await begin();
  const setUp = { price: { ...monthly.price, setupFeeMinor: 3000n } };
  const plan = await offers(setUp);
  const life = await buyer(plan);
  await until('2026-12-19');
  await priced(plan, 9900n, { setupFeeMinor: 9000n });
  await moves(plan);
  await until('2027-01-21');
  assert.deepEqual(await life.book(), [22_900, 9900, 9900]);
  assert.deepEqual((await life.story()).slice(2), [
    '12-17 10:00 charge_coming active',
    '12-19 10:00 price_changing active',
    '12-20 09:00 renewed active',
    '01-17 10:00 charge_coming active',
    '01-20 09:00 renewed active',
  ]);
  await over(life);
});

test('whoever cancels before is not moved, and whoever has not paid yet keeps what he agreed to', async () => {
  await begin();
  const plan = await offers();
  const [ending, late, fresh] = [
    await buyer(plan),
    await buyer(plan),
    await buys({ plan: plan.code }),
  ];
  await ending.says('cancel');
  await priced(plan, 24_900n);
  const { report } = await moves(plan);
  const { move } = await report();
  assert.deepEqual([move.looked, move.planned, move.state], [3, 1, 'done']);
  await late.says('cancel');
  await fresh.pays();
  await until('2027-01-21');
  assert.deepEqual(await ending.book(), [19_900]);
  assert.deepEqual(await late.book(), [19_900]);
  assert.deepEqual(await fresh.book(), [19_900, 19_900, 19_900]);
  await over(fresh);
});

test('where a yes is needed: with it the new price, without it the old one, or the end, by choice', async () => {
  await begin();
  const plan = await offers();
  const [agrees, keeps] = [await buyer(plan), await buyer(plan)];
  await priced(plan, 24_900n);
  const { report } = await moves(plan, { consent: 'required' });
  const one = await agrees.now();
  const consent: StartConsent = {
    ...{ method: 'api', textShown: '249 RUB', priceShown: '249 RUB a month', evidence: {} },
    ...{ shownAt: shop.clock.now(), confirmedAt: shop.clock.now() },
  };
  await database.transaction((tx) =>
    cards.agreeToPrice(tx, { one, consent, origin: 'api', actor: 'test' }),
  );
  await quiet();
  await until('2026-12-21');
  assert.deepEqual(await agrees.book(), [19_900, 24_900]);
  assert.deepEqual(await keeps.book(), [19_900, 19_900]);
  assert.deepEqual((await agrees.story()).slice(2), [
    '11-20 10:00 price_changing active',
    '11-20 10:00 price_agreed active',
    '12-17 10:00 charge_coming active',
    '12-20 09:00 renewed active',
  ]);
  assert.deepEqual((await keeps.story()).slice(2), [
    '11-20 10:00 price_changing active',
    '12-17 10:00 charge_coming active',
    '12-20 09:00 price_kept active',
    '12-20 09:00 renewed active',
  ]);
  assert.deepEqual((await report()).outcomes, { ...none, moved: 1, kept: 1 });
  assert.equal(await keeps.says('agree'), 'refused: consent_missing');
  await over(agrees, keeps);

  const strict = await offers();
  const ends = await buyer(strict);
  await priced(strict, 24_900n);
  await moves(strict, { consent: 'required', without: 'end' });
  await until('2027-02-21');
  assert.deepEqual(await ends.book(), [19_900]);
  assert.deepEqual((await ends.story()).slice(2), [
    '12-21 10:00 price_changing active',
    '01-21 09:00 cancel_planned active',
    '01-21 10:00 cancelled cancelled',
  ]);
});

test('who owes is told, pays his old bill at the old price, and the next at the new one', async () => {
  await begin();
  const plan = await offers();
  const life = await buyer(plan);
  await until('2026-12-19');
  await decline(5051);
  await until('2026-12-20');
  assert.equal((await life.now()).status, 'grace');
  await priced(plan, 24_900n);
  await moves(plan);
  await until('2027-01-21');
  assert.deepEqual(await life.book(), [19_900, 0, 19_900, 24_900]);
  await over(life);
});

test('what comes next is shown with the move, before and after a change of quantity', async () => {
  await begin();
  const plan = await offers();
  const life = await buyer(plan);
  await priced(plan, 24_900n);
  await moves(plan);
  const shown = await database.transaction((tx) =>
    cards.quote(tx, life.subscription, { kind: 'change', quantity: 2 }),
  );
  assert.ok(shown.outcome === 'quoted');
  assert.equal(shown.quote.next?.dueMinor, 49_800n);
  const { at, hash } = shown.quote;
  const said = { quantity: 2, quote: { at: at.toISOString(), hash } };
  assert.equal(await life.says('change', said), 'done: charging');
  await until('2026-12-21');
  assert.deepEqual(await life.book(), [19_900, 19_900, 49_800]);
  await over(life);
});

test('started twice, or beside another of its plan, it is one', async () => {
  await begin();
  const plan = await offers();
  await buyer(plan);
  await worker.stop();
  await priced(plan, 24_900n);
  const first = await previews(plan);
  const second = await previews(plan);
  await runs(plan, first.id);
  assert.equal((await runs(plan, first.id)).move.state, 'running');
  await assert.rejects(runs(plan, second.id), { code: 'move_refused' });
  await assert.rejects(cards.moves.report(database.pool, { plan: 'month', move: first.id }), {
    code: 'move_unknown',
  });
  while ((await runMoves(context)) > 0);
});

/** Each was told once, and nobody was left out. */
async function mustBeTold(people: readonly Life[]): Promise<void> {
  for (const life of people) {
    const story = await life.story();
    const told = story.filter((line) => line.includes(' price_changing '));
    assert.equal(told.length, 1);
    assert.equal((await smsOf(life, 'price_change')).length, 1);
    assert.equal((await life.now()).move?.price.unitPriceMinor, 24_900n);
    await mustHold(database, life);
  }
}

test('two copies at one move tell each subscriber once', async () => {
  const { people, report } = await crowd(5);
  const goOn = async () => {
    while ((await report()).move.state === 'running') await runMoves(context, 2);
  };
  await Promise.all([goOn(), goOn()]);
  const { move } = await report();
  assert.deepEqual([move.looked, move.planned, move.state], [5, 5, 'done']);
  await mustBeTold(people);
});

test('killed at any point, a move goes on where it was, and tells nobody twice', async (t) => {
  for (const dieAt of [1, 2, 3, 4]) {
    const { people, report } = await crowd(5);
    const killed = await runChild(t, shop, { dieAt, moveMost: 2 });
    assert.ok(killed);
    t.diagnostic(`killed at ${dieAt}: ${(await report()).move.looked} of 5 looked at`);
    assert.equal(await runChild(t, shop, { dieAt: 0, moveMost: 2 }), false);
    assert.deepEqual((await report()).move.looked, 5);
    await mustBeTold(people);
  }
});
