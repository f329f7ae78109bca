import assert from 'node:assert/strict';
import { sql } from '#database';
import { must } from '#errors';
import { paymentId } from '#payments';
import type { Order } from '#subscriptions/cards/orders';
import { billReference, parseSubscriptionId } from '#subscriptions/subscription';
import type { PaymentCommand, SubscriptionEvent } from '#subscriptions/topics';
import { eventually } from '#testing';
import { monthly, NOW, type Shop } from './fixture.ts';
import { bookOf, control, payByWidget } from './gateway-hands.ts';

/** Vocabulary of the scenarios: who buys, pays, lets time pass, and what is told of it in which order. */

/** Pays at once, and its token as well. */
export const GOOD = '4000000000003055';
export const OTHER = '5205000000003055';
export const BROWSER = {
  ...{ ipAddress: '203.0.113.7', returnUrl: 'https://shop.test/thanks', locale: 'ru' },
};

let people = 0;

/** Lets time pass. */
export function timeOf({
  bus,
  clock,
  database,
  payments,
}: Pick<Shop, 'bus' | 'clock' | 'database' | 'payments'>) {
  async function open(): Promise<number> {
    const { rows } = await sql<{ count: bigint }>`
      select (select count(*) from subscriptions.subscription where operator = 'card' and due_at <= ${clock.now()})
        + (select count(*) from subscriptions.way_switch where state = 'waiting' and try_at <= ${clock.now()})
        + (select count(*) from subscriptions.price_move where state in ('running', 'stopping')) as count`.execute(
      database.pool,
    );
    const states = await payments.openByState();
    const moving = states.filter(({ state }) => state !== 'presented' && state !== 'authorized');
    return Number(rows[0]?.count ?? 0n) + moving.length;
  }

  /** Until nobody has anything to do at this moment. */
  async function quiet(): Promise<void> {
    await eventually(
      async () => {
        for (let look = 0; look < 2; look += 1) {
          const depths = await bus.depths();
          const waiting = depths.filter((one) => one.group === 'state-machine' && one.ready > 0);
          assert.deepEqual(
            waiting.map(({ topic }) => topic),
            [],
          );
          assert.equal(await open(), 0, 'something is due or under way');
        }
      },
      { timeoutMs: 60_000 },
    );
  }

  /** Lets time pass, stopping wherever something is due. */
  async function until(text: string): Promise<void> {
    const target = new Date(text.includes('T') ? text : `${text}T07:00:00Z`);
    for (;;) {
      const { rows } = await sql<{ due_at: Date | null }>`
        select min(due_at) as due_at from subscriptions.subscription
        where operator = 'card' and due_at > ${clock.now()} and due_at <= ${target}`.execute(
        database.pool,
      );
      const next = rows[0]?.due_at;
      if (!next) break;
      clock.set(next);
      await quiet();
    }
    clock.set(target);
    await quiet();
  }

  return { quiet, until };
}

export function lives(shop: Shop) {
  const { cards, clock, database } = shop;
  const time = timeOf(shop);

  async function buys(changes: Partial<Order> = {}) {
    people += 1;
    const msisdn = `+7916${String(people).padStart(7, '0')}`;
    const plan = await cards.plan(changes.plan ?? monthly.code);
    must(plan, 'the plan is on sale');
    const order: Order = {
      ...{ plan: plan.code, version: plan.price.version, quantity: 1, msisdn, locale: 'ru' },
      ...changes,
    };
    const started = await database.transaction((tx) =>
      cards.start(tx, {
        order,
        consent: {
          ...{ method: 'api', textShown: 'Cinema, 199 RUB a month', priceShown: '199 RUB a month' },
          ...{
            evidence: { ip: BROWSER.ipAddress },
            shownAt: clock.now(),
            confirmedAt: clock.now(),
          },
        },
      }),
    );
    return lifeOf(shop, { ...started, msisdn: order.msisdn });
  }

  /** Each scenario begins at the same moment, with cards of which nothing is known. */
  async function begin(): Promise<void> {
    clock.set(NOW);
    await sql`delete from subscriptions.card_decline`.execute(database.pool);
  }

  const decline = (code: number, times = 1) =>
    control(shop, 'POST', 'scenarios', { name: 'decline', code, times });

  return { ...time, begin, buys, decline };
}

export type Life = ReturnType<typeof lifeOf>;

/** One subscription, and what its subscriber does. */
export function lifeOf(
  shop: Shop,
  begun: { readonly subscription: string; readonly payment: string; readonly msisdn: string },
) {
  const { cards, database } = shop;
  const { msisdn, payment, subscription } = begun;
  const { quiet } = timeOf(shop);
  const key = parseSubscriptionId(subscription);
  const now = async () => {
    const found = await cards.find(database.pool, subscription);
    must(found, `${subscription} is there`);
    return found;
  };
  return {
    ...{ key, msisdn, payment, subscription, now },
    /** On the page that is led to, and waits for what comes of it. */
    async pays(number = GOOD, page: string = payment, { waits = true } = {}): Promise<void> {
      const { presentation } = await cards.lead(page, BROWSER);
      must(presentation.kind === 'widget', 'the gateway shows its widget');
      await payByWidget(shop, number, presentation.parameters);
      await eventually(async () => {
        const report = await shop.payments.report(database.pool, page);
        assert.notEqual(report.state, 'presented');
      });
      if (waits) await quiet();
    },
    async says(command: PaymentCommand['command'], more: Partial<PaymentCommand> = {}) {
      const given = { command, subscription, origin: 'api', actor: 'test', ...more };
      const id = await database.transaction((tx) => cards.command(tx, given));
      await quiet();
      const result = await cards.commandResult(subscription, id);
      return result && `${result.outcome}: ${result.reason}`;
    },
    /** `11-20 10:00 charged active`: in the order in which it was told, by Moscow's clock. */
    async story(): Promise<readonly string[]> {
      const { rows } = await sql<{ payload: string }>`
          select m.payload from platform.bus_parcel p join platform.bus_queue q using (queue)
          cross join lateral unnest(string_to_array(p.payloads, U&'\\001f')) with ordinality as m (payload, n)
          where q.topic = 'subscription_events' and q.group_name = 'test' order by p.id, m.n`.execute(
        database.pool,
      );
      const events = rows.map(({ payload }) => JSON.parse(payload) as SubscriptionEvent);
      return events
        .filter((one) => one.subscription === subscription)
        .map((one) => `${momentOf(one.at)} ${one.event} ${one.status}`);
    },
    /** What the gateway's own book says of each bill: debits less refunds, in minor units. */
    async bookByBill(): Promise<ReadonlyMap<number, number>> {
      const payments = await shop.payments.of(key.customerId, await references(shop, key));
      const sums = new Map<number, number>();
      for (const { id, reference } of payments) {
        const number = Number(reference.slice(reference.indexOf('/') + 1));
        const taken = await bookOf(shop, paymentId(key.customerId, id));
        sums.set(number, (sums.get(number) ?? 0) + taken);
      }
      return sums;
    },
    /** What the gateway's own book says of each payment: debits less refunds, in minor units. */
    async book(): Promise<readonly number[]> {
      const payments = await shop.payments.of(key.customerId, await references(shop, key));
      const sums = [];
      for (const one of payments) sums.push(await bookOf(shop, paymentId(key.customerId, one.id)));
      return sums;
    },
  };
}

async function references({ database }: Shop, key: { customerId: bigint; id: bigint }) {
  const { rows } = await sql<{ period: number }>`
    select period from subscriptions.bill where customer_id = ${key.customerId} and subscription_id = ${key.id}
    order by period`.execute(database.pool);
  return rows.map(({ period }) => billReference(key, period));
}

function momentOf(at: string): string {
  return new Date(at).toLocaleString('sv', { timeZone: 'Europe/Moscow' }).slice(5, 16);
}
