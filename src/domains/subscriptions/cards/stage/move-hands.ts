import { sql } from '#database';
import type { NewMove } from '#subscriptions/cards/moves';
import type { NewPlan } from '#subscriptions/cards/plans';
import { monthly, type Shop } from './fixture.ts';
import { type Life, lives } from './life.ts';

let plans = 0;

/** Vocabulary of scenarios about moves: plans, their newer prices, and people of older ones. */
export function moveHands(shop: Shop) {
  const { cards, database } = shop;
  const { begin, buys, quiet } = lives(shop);

  /** A plan of its own for each scenario: a move is of a whole plan. */
  async function offers(changes: Partial<NewPlan> = {}): Promise<NewPlan> {
    plans += 1;
    const plan = { ...monthly, code: `plan-${plans}`, ...changes };
    await database.transaction((tx) => cards.addPlan(tx, plan));
    return plan;
  }

  async function priced(
    plan: NewPlan,
    unitPriceMinor: bigint,
    more: Partial<NewPlan['price']> = {},
  ) {
    const price = { ...plan.price, unitPriceMinor, ...more };
    await database.transaction((tx) => cards.addPlan(tx, { ...plan, price }));
  }

  async function previews(plan: NewPlan, changes: Partial<NewMove> = {}) {
    return database.transaction((tx) =>
      cards.moves.preview(tx, {
        ...{ plan: plan.code, noticeDays: 10, consent: 'notice', without: 'keep', actor: 'test' },
        text: '{title}: {price} instead of {old_price} from {date}. {stop}',
        ...changes,
      }),
    );
  }

  const runs = (plan: NewPlan, move: string) =>
    database.transaction((tx) => cards.moves.run(tx, { plan: plan.code, move, actor: 'boss' }));

  async function moves(plan: NewPlan, changes: Partial<NewMove> = {}) {
    const { id } = await previews(plan, changes);
    await runs(plan, id);
    await quiet();
    return { id, report: () => cards.moves.report(database.pool, { plan: plan.code, move: id }) };
  }

  async function smsOf({ subscription }: Life, kind: string): Promise<readonly string[]> {
    const { rows } = await sql<{ body: string }>`
      select body from sms.message where reference = ${subscription} and kind = ${kind} order by id`.execute(
      database.pool,
    );
    return rows.map(({ body }) => body);
  }

  /** Nobody is left alive: time is set back for the next scenario. */
  async function over(...people: readonly Life[]): Promise<void> {
    for (const life of people) await life.says('cancel', { timing: 'now' });
  }

  async function buyer(plan: NewPlan): Promise<Life> {
    const life = await buys({ plan: plan.code });
    await life.pays();
    return life;
  }

  /** So many subscribers of an older price, a move of them that runs, and nobody who carries it out. */
  async function crowd(count: number, price = 24_900n) {
    await begin();
    const plan = await offers();
    const running = shop.cards.worker();
    running.start();
    const people = [];
    for (let index = 0; index < count; index += 1) people.push(await buyer(plan));
    await running.stop();
    await priced(plan, price);
    const { id } = await previews(plan);
    await runs(plan, id);
    return {
      ...{ id, plan, people },
      report: () => cards.moves.report(database.pool, { plan: plan.code, move: id }),
    };
  }

  return { buyer, crowd, moves, offers, over, previews, priced, runs, smsOf };
}
