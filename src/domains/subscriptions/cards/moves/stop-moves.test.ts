import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as gateway from '#simulators/cloudpayments';
import type { StartConsent } from '#subscriptions/cards/orders';
import type { NewPlan } from '#subscriptions/cards/plans';
import {
  type Life,
  lives,
  moveHands,
  mustHold,
  openShop,
  runChild,
} from '#subscriptions/cards/stage';
import { runMoves } from './run-moves.ts';
import { stopMoves } from './stop-moves.ts';

const shop = await openShop(gateway, { runs: false });
const { cards, clock, context, database, worker } = shop;
const { begin, quiet, until } = lives(shop);
const { buyer, crowd, moves, offers, over, previews, priced, runs, smsOf } = moveHands(shop);

const TEXT = '{title}: {price} stays, {new_price} does not come.';
const none = { moved: 0, waiting: 0, ended: 0, kept: 0, called_off: 0 };

const stops = (plan: NewPlan, move: string, text: string | undefined = TEXT) =>
  database.transaction((tx) =>
    cards.moves.stop(tx, { plan: plan.code, move, actor: 'boss', text }),
  );

async function agrees(life: Life): Promise<void> {
  const one = await life.now();
  const consent: StartConsent = {
    ...{ method: 'api', textShown: '249 RUB', priceShown: '249 RUB a month', evidence: {} },
    ...{ shownAt: clock.now(), confirmedAt: clock.now() },
  };
  await database.transaction((tx) =>
    cards.agreeToPrice(tx, { one, consent, origin: 'api', actor: 'test' }),
  );
  await quiet();
}

test('stopped, a higher price is off for whoever waits for it, and stays with whoever has it', async () => {
  worker.start();
  await begin();
  const plan = await offers();
  const early = await buyer(plan);
  await until('2026-12-05');
  const late = await buyer(plan);
  await until('2026-12-06');
  await priced(plan, 24_900n);
  const { id, report } = await moves(plan);
  await until('2026-12-21');
  assert.deepEqual((await report()).outcomes, { ...none, moved: 1, waiting: 1 });
  await stops(plan, id);
  await quiet();
  const { move, outcomes } = await report();
  assert.deepEqual([move.state, move.stoppedBy, move.calledOff], ['stopped', 'boss', 1]);
  assert.deepEqual(outcomes, { ...none, moved: 1, called_off: 1 });
  const said = await smsOf(late, 'price_change');
  assert.match(said.at(-1) ?? '', /199\.00.RUB a month stays, 249\.00.RUB a month does not come/);
  assert.equal((await smsOf(early, 'price_change')).length, 1);
  await until('2027-02-06');
  assert.deepEqual(await early.book(), [19_900, 24_900, 24_900]);
  assert.deepEqual(await late.book(), [19_900, 19_900, 19_900]);
  await over(early, late);
});

test('a lower price that was told is a promise: stopping the move takes it from nobody', async () => {
  await begin();
  const plan = await offers();
  const life = await buyer(plan);
  await priced(plan, 9900n);
  const { id, report } = await moves(plan);
  await stops(plan, id);
  await quiet();
  assert.deepEqual((await report()).outcomes, { ...none, waiting: 1 });
  assert.equal((await smsOf(life, 'price_change')).length, 1);
  await until('2026-12-21');
  assert.deepEqual(await life.book(), [19_900, 9900]);
  await over(life);
});

test('who has said yes to a higher price is not left with it; a yes to another interval binds both', async () => {
  await begin();
  const [dearer, yearly] = [await offers(), await offers()];
  const [pays, stays] = [await buyer(dearer), await buyer(yearly)];
  await priced(dearer, 24_900n);
  await priced(yearly, 199_000n, { interval: { unit: 'month', count: 12 } });
  const [first, second] = [
    await moves(dearer, { consent: 'required' }),
    await moves(yearly, { consent: 'required' }),
  ];
  for (const life of [pays, stays]) await agrees(life);
  await stops(dearer, first.id);
  await stops(yearly, second.id);
  await quiet();
  await until('2026-12-21');
  assert.deepEqual(await pays.book(), [19_900, 19_900]);
  assert.deepEqual(await stays.book(), [19_900, 199_000]);
  await over(pays, stays);
});

test('who is to end for want of a yes still ends, as he was told; taken back, it goes on at the old price', async () => {
  await begin();
  const plan = await offers();
  const [ends, returns] = [await buyer(plan), await buyer(plan)];
  await priced(plan, 24_900n);
  const { id } = await moves(plan, { consent: 'required', without: 'end', noticeDays: 1 });
  await until('2026-12-20T06:30:00Z');
  for (const life of [ends, returns])
    assert.equal((await life.now()).priced.endsWithPeriod, true, 'its yes did not come');
  await stops(plan, id);
  await quiet();
  for (const life of [ends, returns])
    assert.equal((await smsOf(life, 'price_change')).length, 1, 'nothing that is not true is said');
  assert.equal(await returns.says('resume'), 'done: kept');
  await until('2027-01-21');
  assert.deepEqual(await ends.book(), [19_900]);
  assert.deepEqual(await returns.book(), [19_900, 19_900, 19_900]);
  await over(returns);
});

test('one that was only looked at is put away; one that was told needs words; stopped again, it is the same', async () => {
  await begin();
  const plan = await offers();
  const life = await buyer(plan);
  await priced(plan, 24_900n);
  const looked = await previews(plan);
  const away = await database.transaction((tx) =>
    cards.moves.stop(tx, { plan: plan.code, move: looked.id, actor: 'boss' }),
  );
  assert.equal(away.move.state, 'stopped');
  await assert.rejects(runs(plan, looked.id), { code: 'move_refused' });
  const { id } = await moves(plan);
  for (const text of ['', ' '])
    await assert.rejects(stops(plan, id, text), { code: 'move_refused' });
  await stops(plan, id);
  await stops(plan, id, 'other words');
  await quiet();
  await stops(plan, id);
  await quiet();
  assert.equal((await smsOf(life, 'price_change')).length, 2);
  await assert.rejects(stops(plan, 'mov_1'), { code: 'move_unknown' });
  const listed = await cards.moves.list(database.pool, plan.code);
  assert.deepEqual(
    listed.map(({ state }) => state),
    ['stopped', 'stopped'],
  );
  // Another may come after it, and takes whom this one has left.
  const again = await moves(plan);
  assert.equal((await life.now()).move?.id, again.id);
  await over(life);
  await worker.stop();
});

/** For each it is off, and each was told so once; nobody has another price than before. */
async function mustBeOff(people: readonly Life[]): Promise<void> {
  for (const life of people) {
    assert.equal((await life.now()).move, null);
    const told = (await life.story()).filter((line) => line.includes('price_'));
    const words = told.map((line) => line.split(' ')[2]);
    // Stopped before it was told of anything, he hears nothing.
    assert.ok(words.length === 0 || words.join() === 'price_changing,price_kept', words.join());
    assert.equal((await smsOf(life, 'price_change')).length, words.length);
    await mustHold(database, life);
  }
}

test('stopped while it runs, in whichever order they come, nobody who was told of it is left with it', async () => {
  for (const looks of [0, 1, 2]) {
    const { id, people, plan, report } = await crowd(5);
    for (let look = 0; look < looks; look += 1) await runMoves(context, 2);
    const goOn = async () => {
      while (!['stopped', 'done'].includes((await report()).move.state)) {
        await runMoves(context, 2);
        await stopMoves(context, 2);
      }
    };
    await Promise.all([goOn(), stops(plan, id), goOn()]);
    while ((await stopMoves(context, 2)) > 0);
    const { move } = await report();
    assert.equal(move.state, 'stopped');
    assert.equal(move.calledOff, move.planned);
    await mustBeOff(people);
  }
});

test('killed at any point, a stop goes on where it was, and tells nobody twice', async (t) => {
  for (const dieAt of [1, 2, 3, 4]) {
    const { id, people, plan, report } = await crowd(5);
    while ((await runMoves(context, 2)) > 0);
    await stops(plan, id);
    assert.ok(await runChild(t, shop, { dieAt, moveMost: 2 }));
    t.diagnostic(`killed at ${dieAt}: off for ${(await report()).move.calledOff} of 5`);
    assert.equal(await runChild(t, shop, { dieAt: 0, moveMost: 2 }), false);
    const { move } = await report();
    assert.deepEqual([move.state, move.calledOff], ['stopped', 5]);
    await mustBeOff(people);
  }
});
