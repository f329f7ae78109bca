import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { Type } from 'typebox';
import { createFakeClock, type FakeClock } from '#clock';
import { type Database, sql, type Tx } from '#database';
import { messageOf } from '#errors';
import { eventually } from '#testing';
import type { Bus, ConsumeOptions, Consumer, Group, Handler, Message, Outgoing } from './bus.ts';
import { defineTopic, type Topic, type TopicOptions } from './topic.ts';

/** An engine, as its test file hands it to the conformance suite. */
export interface BusUnderTest {
  readonly name: string;
  /** Where a process of its own finds it. */
  readonly url: string;
  readonly database: Database;
  /** Opens the bus as one more process would. Business time is `clock`. */
  open(clock: FakeClock): Promise<Bus>;
  /** Of a broker: removes what it keeps of `topic`, when a test has ended. */
  forget?(topic: Topic<unknown>): Promise<void>;
}

export interface Load {
  readonly n: number;
}

export const LOAD = Type.Object({ n: Type.Integer() });
export const START = new Date('2026-03-01T09:00:00Z');
/** Far above what anything takes, because tests run beside others on few cores. */
const WAIT_MS = 40_000;

/** What a test of the suite works with: a topic of its own, effects that can be counted, and a clock it moves. */
export interface Stage {
  readonly engine: BusUnderTest;
  readonly database: Database;
  readonly clock: FakeClock;
  readonly bus: Bus;
  readonly topic: Topic<Load>;
  /** Declares a group; `worker` unless told. */
  group(name?: string, attemptsMax?: number): Promise<Group<Load>>;
  /** One more process. */
  another(): Promise<Bus>;
  publish(messages: readonly Outgoing<Load>[]): Promise<void>;
  /** Resolves when all that was published is where consumers take it from. */
  arrived(): Promise<void>;
  /** Consumes until the test ends. */
  consume(group: Group<Load>, options: StageOptions, handler: Handler<Load>): Consumer;
  /** The numbers that have had an effect in `group`, sorted; one that had two is there twice. */
  effects(group?: string): Promise<readonly number[]>;
  /** The same in the order in which they had it. */
  history(group?: string): Promise<readonly { readonly key: string; readonly n: number }[]>;
  waitFor(check: () => Promise<void> | void): Promise<void>;
}

export interface StageOptions extends ConsumeOptions {
  readonly on?: Bus;
}

let topics = 0;
/** A broker outlives the run, and a number of a process comes again. */
const RUN = `${Date.now().toString(36)}.${process.pid}`;

/** Everything it opens is closed when `t` ends. */
export async function setStage(
  t: TestContext,
  engine: BusUnderTest,
  options: Pick<TopicOptions, 'ordered' | 'priorities'> = {},
): Promise<Stage> {
  const { database } = engine;
  const clock = createFakeClock(START);
  topics += 1;
  const topic = defineTopic<Load>(`test.${RUN}.${topics}`, {
    ...{ schema: LOAD, description: 'numbers', ...options },
  });
  const consumers: Consumer[] = [];
  const buses: Bus[] = [];
  t.after(async () => {
    await Promise.all(consumers.map((consumer) => consumer.stop()));
    await Promise.all(buses.map((one) => one.close()));
    await engine.forget?.(topic as Topic<unknown>);
  });
  const open = async () => {
    const opened = await engine.open(clock);
    buses.push(opened);
    return opened;
  };
  const bus = await open();
  await makeEffects(database);
  const history: Stage['history'] = async (group = 'worker') => {
    const { rows } = await sql<{ key: string; n: number }>`
      select key, n from bus_effect where topic = ${topic.name} and group_name = ${group} order by id`.execute(
      database.pool,
    );
    return rows;
  };
  return {
    ...{ engine, database, clock, bus, topic, another: open, history },
    async group(name = 'worker', attemptsMax) {
      const group = { topic, name, ...(attemptsMax === undefined ? {} : { attemptsMax }) };
      await bus.declare([group as Group]);
      return group;
    },
    publish: (messages) => database.transaction((tx) => bus.publish(tx, topic, messages)),
    async arrived() {
      await eventually(async () => assert.equal(await countUnsent(database, topic.name), 0), {
        timeoutMs: WAIT_MS,
      });
    },
    consume(group, { on = bus, ...consumeOptions }, handler) {
      const consumer = on.consume(group, consumeOptions, handler);
      consumers.push(consumer);
      return consumer;
    },
    effects: async (group) =>
      (await history(group)).map(({ n }) => n).sort((left, right) => left - right),
    async waitFor(check) {
      try {
        await eventually(check, { timeoutMs: WAIT_MS });
      } catch (error) {
        const left = await describeLeft(database);
        throw new Error(`${messageOf(error)}\nWhat is left: ${left}`, { cause: error });
      }
    },
  };
}

/** Where a message that did not come may lie, and who holds what would bring it. */
async function describeLeft(database: Database): Promise<string> {
  const { rows } = await sql<{ left: unknown }>`
    select jsonb_build_object(
      'outgoing', (select jsonb_agg(o) from (
        select topic, lane, count(*), min(id), max(id) from platform.bus_outgoing group by topic, lane) o),
      'lanes', (select jsonb_agg(l) from (
        select queue, lane, owner, lease_until - clock_timestamp() as lease, sending_ids from platform.bus_lane
        where owner is not null or cardinality(sending_ids) > 0 limit 60) l),
      'offsets', (select jsonb_agg(f) from (select * from platform.bus_offset limit 60) f),
      'delayed', (select jsonb_agg(d) from (select queue, count(*), min(due_at), max(due_at) from platform.bus_delayed group by queue) d),
      'hands', (select jsonb_agg(h) from (select * from platform.bus_hand limit 20) h),
      'suspected', (select count(*) from platform.bus_suspected)) as left`.execute(database.pool);
  return JSON.stringify(rows[0]?.left, null, 1);
}

async function countUnsent(database: Database, topic: string): Promise<number> {
  const { rows } = await sql`select from platform.bus_outgoing where topic = ${topic}`.execute(
    database.pool,
  );
  return rows.length;
}

async function makeEffects(database: Database): Promise<void> {
  await sql`create table if not exists bus_effect (
    id bigint generated always as identity primary key,
    topic text not null, group_name text not null, key text not null, n integer not null
  )`.execute(database.pool);
}

/** The effect that is counted: one row for each message, in the transaction that takes it off. */
export async function writeEffects(
  tx: Tx,
  messages: readonly Message<Load>[],
  group = 'worker',
): Promise<void> {
  await sql`
    insert into bus_effect (topic, group_name, key, n)
    select ${messages[0]?.topic ?? ''}, ${group}, key, n
    from unnest(${messages.map((one) => one.key)}::text[], ${messages.map((one) => one.payload.n)}::integer[])
      as e (key, n)`.execute(tx);
}

/** `count` messages of `keys` keys in turn, numbered from `from`. */
export function numbered(
  count: number,
  options: { readonly from?: number; readonly keys?: number } = {},
): Outgoing<Load>[] {
  const { from = 0, keys = count } = options;
  return Array.from({ length: count }, (_, at) => ({
    key: `k${(from + at) % keys}`,
    payload: { n: from + at },
  }));
}

export function range(count: number, from = 0): number[] {
  return Array.from({ length: count }, (_, at) => from + at);
}

/** A promise that a test opens from outside a handler. */
export function gate() {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { passed: promise, open: resolve };
}
