import assert from 'node:assert/strict';
import { after } from 'node:test';
import { type Database, sql } from '#database';
import { chargeGroup, createChargeWorker, createMobilinkGateway } from '#payments';
import type { StartConsent } from '#subscriptions/cards/orders';
import type { NewPlan } from '#subscriptions/cards/plans';
import { recordConsent } from '#subscriptions/record-consent';
import { stopSubscriptions } from '#subscriptions/stop-subscriptions';
import { type SubscriptionKey, subscriptionId } from '#subscriptions/subscription';
import { createSubscriptionWorker, subscriptionGroups } from '#subscriptions/worker';
import { eventually, temporaryFolder } from '#testing';
import { monthly, type Shop } from './fixture.ts';
import { lifeOf, lives } from './life.ts';

/** The operator's simulator, as a test hands it in: only tests know both sides. */
export interface SimulatedOperator {
  startOperatorSimulator(options: {
    readonly port: number;
    readonly folder: string;
    readonly moUrl: string;
  }): Promise<{ readonly url: string; close(): Promise<void> }>;
}

/** 5 rupees a day by phone, or 199 roubles a month by card. */
export const eitherWay: NewPlan = {
  ...{ ...monthly, code: 'either', operator: 'mobilink', methods: ['phone', 'card'] },
  carrier: {
    price: { priceMinor: 500n, currency: 'PKR', period: 'daily' },
    ...{ chargeWindow: { fromMinute: 0, toMinute: 1440 }, retryAfterMinutes: [60], keepDays: 10 },
  },
  texts: { ...monthly.texts, switched: '{title} {price} {stop}', failed: '{title}' },
};

export type PhoneSide = Awaited<ReturnType<typeof openPhoneSide>>;

/** An operator beside the card gateway: what it charges, and who does it. */
export async function openPhoneSide(shop: Shop, { startOperatorSimulator }: SimulatedOperator) {
  const { bus, clock, context, database, operators } = shop;
  const simulator = await startOperatorSimulator({
    ...{ port: 0, folder: await temporaryFolder(), moUrl: '' },
  });
  await database.transaction((tx) =>
    operators.save(tx, {
      ...{ name: 'mobilink', title: 'Mobilink', msisdnFormat: 'international', currency: 'PKR' },
      plan: { countryCode: '92', trunkPrefix: '0', digits: 12, prefixes: ['9230'] },
      ...{ timeZone: 'Asia/Karachi', shortCode: '7787', baseUrl: simulator.url },
      ...{ requestsPerSecond: 1000, timeoutMs: 5000, inquiry: 'byOurId', settleMs: 1000 },
      ...{ refunds: true, msisdnHeader: '', queryMsisdn: false, addressRanges: [] },
    }),
  );
  await operators.refresh();
  await bus.declare([...subscriptionGroups('mobilink'), chargeGroup('mobilink')] as never);
  await database.transaction((tx) => shop.cards.addPlan(tx, eitherWay));
  const gateway = createMobilinkGateway({
    ...{ clock, connection: operators.connection('mobilink') },
    current: () => operators.get('mobilink'),
  });
  const { cards: _, ...house } = shop;
  const charges = createChargeWorker({ ...house, gateway });
  const manager = createSubscriptionWorker(context, 'mobilink');
  charges.start();
  await manager.start();
  after(async () => {
    await manager.stop();
    await charges.stop();
    await simulator.close();
  });
  return { ...handsOf(shop, simulator.url), ...timeOfBoth(shop) };
}

/** Lets time pass for both ways of paying. */
function timeOfBoth({ bus, clock, database, payments }: Shop) {
  async function waiting(): Promise<number> {
    const { rows } = await sql<{ count: bigint }>`
      select (select count(*) from subscriptions.subscription where due_at <= ${clock.now()} and ended_at is null)
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
    const work = async () => {
      for (let look = 0; look < 2; look += 1) {
        const depths = await bus.depths();
        const busy = depths.filter(({ group, ready }) => group !== 'test' && ready > 0);
        const ours = busy.filter(({ group }) => GROUPS.has(group));
        assert.deepEqual(
          ours.map(({ topic }) => topic),
          [],
        );
        assert.equal(await waiting(), 0, 'something is due or under way');
      }
    };
    await eventually(work, { timeoutMs: 60_000 });
  }

  async function until(text: string): Promise<void> {
    const target = new Date(text.includes('T') ? text : `${text}T07:00:00Z`);
    for (;;) {
      const { rows } = await sql<{ due_at: Date | null }>`
        select min(due_at) as due_at from subscriptions.subscription
        where due_at > ${clock.now()} and due_at <= ${target}`.execute(database.pool);
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

const GROUPS: ReadonlySet<string> = new Set(['state-machine', 'mt-manager', 'telco']);

/** What its giver has read, and said yes to. */
const yesAt =
  (clock: Shop['clock']) =>
  (price: string): StartConsent => ({
    ...{ method: 'api', textShown: `Cinema, ${price}`, priceShown: price },
    ...{ evidence: { ip: '203.0.113.7' }, shownAt: clock.now(), confirmedAt: clock.now() },
  });

let people = 0;

function handsOf(shop: Shop, simulator: string) {
  const { cards, clock, context, database } = shop;
  const { buys } = lives(shop);

  /** Numbers of the operator that work. */
  function nextNumber(): string {
    people += 1;
    return `+92300${String(1_000_000 + people * 100)}`;
  }

  const yes = yesAt(clock);

  /** Subscribes by phone, as an operator's customer does, and is charged for his first day. */
  async function subscribes(msisdn = nextNumber()) {
    const plan = await cards.plan(eitherWay.code);
    await database.transaction((tx) =>
      recordConsent(context, tx, [
        {
          ...{ ...yes('5 PKR a day'), msisdn, serviceCode: eitherWay.code, locale: 'en' },
          ...{ termsVersion: plan?.price.version ?? 0, visit: `hit_${msisdn}_${clock.nowMs()}` },
          ...{ method: 'pin', attribution: { campaign: 'demo' } },
        },
      ]),
    );
    const key = await eventually(() => activeByPhone(database, msisdn), { timeoutMs: 60_000 });
    return personOf(shop, { subscription: subscriptionId(key), msisdn, simulator });
  }

  /** Buys the same plan by card. */
  async function buysByCard(msisdn = nextNumber(), plan = eitherWay.code) {
    const life = await buys({ plan, msisdn });
    await life.pays();
    return personOf(shop, { subscription: life.subscription, msisdn, simulator });
  }

  /** Leaves a card by buying something else with it, which he ends at once. */
  async function leavesCard(msisdn: string): Promise<void> {
    const life = await buys({ msisdn });
    await life.pays();
    await life.says('cancel', { timing: 'now' });
  }

  /** What befalls this number's debits from now on. */
  const scenario = (name: string, msisdn: string) =>
    ask(simulator, 'POST', 'scenarios', { name, msisdn: msisdn.slice(1), times: 1 });

  return { buysByCard, leavesCard, nextNumber, scenario, subscribes, yes };
}

/** Somebody who is subscribed, whichever way he pays. */
function personOf(
  shop: Shop,
  { msisdn, simulator, subscription }: Record<'msisdn' | 'simulator' | 'subscription', string>,
) {
  const { cards, clock, context, database } = shop;
  const yes = yesAt(clock);
  const life = lifeOf(shop, { subscription, msisdn, payment: '' });
  return {
    ...life,
    /** Asks for the other way with a yes to its price; answers what came of it. */
    async switches(to: 'phone' | 'card', more: { readonly card?: string } = {}) {
      const command = await database.transaction(async (tx) => {
        const preview = await cards.previewSwitch(tx, subscription, { to, ...more });
        if (!preview.possible) return `not possible: ${preview.reason}`;
        const asked = { subscription, to, preview, origin: 'api', actor: 'test', locale: 'ru' };
        return cards.switchWay(tx, { ...asked, ...more, consent: yes('as shown') });
      });
      if (!command.startsWith('cmd_')) return command;
      return eventually(
        async () => {
          const result = await cards.commandResult(subscription, command);
          assert.ok(result, `${command} was carried out`);
          return `${result.outcome}: ${result.reason}`;
        },
        { timeoutMs: 60_000 },
      );
    },
    async stops(): Promise<number> {
      const said = {
        channel: 'sms',
        evidence: `STOP ${clock.nowMs()}`,
        saidAt: clock.now(),
      } as const;
      const stopped = await database.transaction((tx) =>
        stopSubscriptions(context, tx, { msisdn, ...said }),
      );
      return stopped.cancelled;
    },
    ...rowsOf(database, life.key),
    /** What the operator's own book has taken, less what it gave back, in minor units. */
    debited: () => debitedOf(simulator, msisdn),
    balance: (minor: number) =>
      ask(simulator, 'PUT', `customers/${msisdn.slice(1)}`, { balance_minor: minor }),
  };
}

/** What is written down of it. */
function rowsOf(database: Database, key: SubscriptionKey) {
  return {
    /** What stands in the subscription's row. */
    async row() {
      const { rows } = await sql<{
        status: string;
        operator: string;
        paid_until: Date | null;
        due_at: Date | null;
        anchor_at: Date;
        period: number;
      }>`
        select status, operator, paid_until, due_at, anchor_at, period from subscriptions.subscription
        where customer_id = ${key.customerId} and id = ${key.id}`.execute(database.pool);
      return rows[0] as (typeof rows)[number];
    },
    /** `0 500 PKR paid`: each bill, by whichever way. */
    async bills(): Promise<readonly string[]> {
      const { rows } = await sql<{
        period: number;
        amount_minor: bigint;
        currency: string;
        state: string;
      }>`
        select period, amount_minor, currency, state from subscriptions.bill
        where customer_id = ${key.customerId} and subscription_id = ${key.id}
        order by period`.execute(database.pool);
      return rows.map((one) => `${one.amount_minor} ${one.currency} ${one.state}`);
    },
  };
}

async function activeByPhone(database: Database, msisdn: string): Promise<SubscriptionKey> {
  const { rows } = await sql<{ customer_id: bigint; id: bigint }>`
    select s.customer_id, s.id from subscriptions.subscription s join subscriptions.customer c on c.id = s.customer_id
    where c.msisdn = ${msisdn} and s.operator = 'mobilink' and s.status = 'active'`.execute(
    database.pool,
  );
  const [row] = rows;
  assert.ok(row, `${msisdn} is subscribed by phone`);
  return { customerId: row.customer_id, id: row.id };
}

async function debitedOf(simulator: string, msisdn: string): Promise<number> {
  const sums = await Promise.all(
    (['ledger', 'credits'] as const).map(async (book) => {
      const answer = await fetch(`${simulator}/${book}?msisdn=${msisdn.slice(1)}`);
      const body = (await answer.json()) as Record<string, readonly { amount_minor: number }[]>;
      const entries = body.debits ?? body.credits ?? [];
      return entries.reduce((sum, one) => sum + one.amount_minor, 0);
    }),
  );
  return (sums[0] ?? 0) - (sums[1] ?? 0);
}

async function ask(
  simulator: string,
  method: 'POST' | 'PUT',
  path: string,
  body: object,
): Promise<void> {
  const answer = await fetch(`${simulator}/${path}`, {
    ...{ method, headers: { 'content-type': 'application/json' } },
    body: JSON.stringify(body),
  });
  assert.ok(answer.ok, await answer.text());
}
