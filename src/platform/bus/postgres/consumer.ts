import type { ConsumeOptions, Consumer, Handler, Message } from '#bus/bus';
import type { Clock } from '#clock';
import { type Database, isTransient, type Tx } from '#database';
import { messageOf } from '#errors';
import { uuidV7 } from '#ids';
import type { Log } from '#log';
import type { Company } from './company.ts';
import { createFloors, type Floors } from './floors.ts';
import type { Hands } from './hands.ts';
import { createLanes, type Lanes } from './lanes.ts';
import {
  cutParcels,
  PARCEL_MOST,
  type QueueRow,
  type TakenRow,
  takeDue,
  takeFresh,
  takeOrdered,
  takeThese,
} from './store.ts';
import { withinLimit } from './time-limit.ts';
import { createJudge, type Judge } from './verdicts.ts';
import type { WakeUps } from './wake.ts';

export interface ConsumerInput<Payload> {
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Log;
  readonly wakeUps: WakeUps;
  readonly hands: Hands;
  readonly company: Company;
  readonly queue: QueueRow;
  readonly priorities: number;
  readonly options: ConsumeOptions;
  readonly handler: Handler<Payload>;
  /** The first search for what a dead predecessor held must be over before anything is taken. */
  readonly ready: Promise<void>;
}

const BATCH_SIZE = 200;
const TIME_LIMIT_MS = 30_000;
/** Idle consumers look by themselves this often: for delayed messages, and for a wake-up that was lost. */
const IDLE_POLL_MS = 300;
/** A worker without room looks again this soon: its counterpart answers in milliseconds. */
const NO_ROOM_PAUSE_MS = 10;
/** How soon a flood of fresh messages is stopped again to look for due ones. */
const DUE_LOOK_INTERVAL_MS = 50;
const TROUBLE_PAUSE_MS = 100;
const TROUBLE_PAUSE_MOST_MS = 2000;

/** Starts `concurrency` loops that take, handle and commit batch after batch. */
export function createConsumer<Payload>(input: ConsumerInput<Payload>): Consumer {
  const stopping = new AbortController();
  const floors = createFloors(input.priorities);
  const loops = Array.from({ length: input.options.concurrency ?? 1 }, () =>
    new ConsumerLoop(input, floors, stopping.signal).run(),
  );
  return {
    async stop() {
      stopping.abort();
      await Promise.all(loops);
    },
  };
}

/** What became of one transaction. `rows` is empty where there was nothing to take. */
type Attempt =
  | { readonly failed: false; readonly rows: readonly TakenRow[] }
  | { readonly failed: true; readonly rows: readonly TakenRow[]; readonly error: unknown };

class ConsumerLoop<Payload> {
  readonly #input: ConsumerInput<Payload>;
  readonly #floors: Floors;
  readonly #signal: AbortSignal;
  readonly #hand = uuidV7();
  readonly #slots: readonly number[];
  readonly #lanes: Lanes | undefined;
  readonly #judge: Judge;
  #dueFirst = true;
  #nextDueLookMs = 0;
  #troubleMs = 0;

  constructor(input: ConsumerInput<Payload>, floors: Floors, signal: AbortSignal) {
    const { clock, database, log, options, queue } = input;
    this.#input = input;
    this.#floors = floors;
    this.#signal = signal;
    this.#slots = Array.from({ length: input.priorities }, (_, slot) => slot);
    this.#lanes = queue.ordered ? createLanes(database, queue, this.#hand) : undefined;
    this.#judge = createJudge({ clock, log, queue, backoff: options.backoff });
  }

  async run(): Promise<void> {
    const { hands, log, queue, ready, wakeUps } = this.#input;
    await ready;
    while (!this.#signal.aborted) {
      try {
        await this.#turn();
        this.#troubleMs = 0;
      } catch (error) {
        if (!isTransient(error))
          log.error({ err: error, topic: queue.topic }, 'a consumer stumbled');
        this.#troubleMs = Math.min(TROUBLE_PAUSE_MOST_MS, this.#troubleMs * 2 || TROUBLE_PAUSE_MS);
        await wakeUps.sleep('', { patienceMs: this.#troubleMs, signal: this.#signal });
      }
    }
    await hands.drop(this.#hand).catch(() => {});
    await this.#lanes?.release().catch(() => {});
  }

  /** One batch, or one pause. */
  async #turn(): Promise<void> {
    const { queue, wakeUps } = this.#input;
    await this.#lanes?.keep();
    const most = this.#room();
    if (most <= 0) {
      await wakeUps.sleep('', { patienceMs: NO_ROOM_PAUSE_MS, signal: this.#signal });
      return;
    }
    const since = wakeUps.count(queue.topic);
    if (most < PARCEL_MOST) await this.#cut(most);
    const taken = await this.#attempt((tx) => this.#take(tx, most));
    if (taken.failed) await this.#isolate(taken.rows, taken.error);
    if (taken.rows.length > 0) {
      await this.#linger(taken.rows.length, most);
      return;
    }
    await wakeUps.sleep(queue.topic, { patienceMs: IDLE_POLL_MS, signal: this.#signal, since });
  }

  /** Consumers of small batches are to work side by side; the lanes of an ordered queue have one consumer each. */
  async #cut(most: number): Promise<void> {
    const { database, queue } = this.#input;
    if (queue.ordered) return;
    const floors = this.#floors.now();
    await cutParcels(database.pool, { queue: queue.queue, slots: this.#slots, floors, most });
  }

  /** A batch that was far from full: the next one gathers for a moment, so that under load sets stay sets. */
  async #linger(taken: number, most: number): Promise<void> {
    const { lingerMs = 0 } = this.#input.options;
    if (lingerMs === 0 || taken * 2 > most) return;
    await this.#input.wakeUps.sleep('', { patienceMs: lingerMs, signal: this.#signal });
  }

  #room(): number {
    const { batchSize = BATCH_SIZE, room } = this.#input.options;
    return room ? Math.min(batchSize, room()) : batchSize;
  }

  async #take(tx: Tx, most: number): Promise<TakenRow[]> {
    const { clock, queue } = this.#input;
    const now = clock.now();
    if (queue.ordered) {
      return takeOrdered(tx, { queue: queue.queue, owner: this.#hand, most, now });
    }
    const wanted = { queue: queue.queue, slots: this.#slots, most };
    const due = () => takeDue(tx, { ...wanted, floors: this.#floors.now(), now });
    const fresh = () => this.#floors.take(most, (floors) => takeFresh(tx, { ...wanted, floors }));
    // In turns, so that neither many retries nor a flood of fresh messages keeps the other waiting; but where
    // nothing was due a moment ago a flood is not stopped to look again.
    const dueFirst = this.#dueFirst && performance.now() >= this.#nextDueLookMs;
    this.#dueFirst = !dueFirst;
    if (!dueFirst) {
      const rows = await fresh();
      if (rows.length > 0) return rows;
    }
    const rows = await due();
    if (rows.length === 0) this.#nextDueLookMs = performance.now() + DUE_LOOK_INTERVAL_MS;
    return rows.length > 0 || !dueFirst ? rows : fresh();
  }

  /** One transaction: take, handle, and so remove. What its surroundings throw passes through. */
  async #attempt(take: (tx: Tx) => Promise<TakenRow[]>): Promise<Attempt> {
    const { company, database, hands, queue } = this.#input;
    let rows: TakenRow[] = [];
    let leave = () => {};
    let cause: { readonly error: unknown } | undefined;
    try {
      await database.attempt(async (tx) => {
        rows = (await take(tx)).sort(byId);
        if (rows.length === 0) return;
        leave = rows[0]?.alone ? await company.alone() : await company.join();
        await hands.hold(this.#hand, queue.queue, rows);
        await this.#handle(tx, rows).catch((error) => {
          cause = { error };
          throw error;
        });
      });
      return { failed: false, rows };
    } catch (thrown) {
      if (rows.length > 0) {
        this.#floors.forget();
        await hands.drop(this.#hand).catch(() => {}); // the next one is written over it
      }
      // A rollback on a connection that was cut fails too, and would hide why it was cut.
      const error = cause ? (cause as { error: unknown }).error : thrown;
      if ((error as { code?: unknown } | null)?.code === '40P01') database.deadlocks.count += 1;
      if (isTransient(error) || rows.length === 0) throw error;
      return { failed: true, rows, error };
    } finally {
      leave();
    }
  }

  async #handle(tx: Tx, rows: readonly TakenRow[]): Promise<void> {
    const { database, handler, options, queue } = this.#input;
    const messages = rows.map((row) => toMessage<Payload>(row, queue.topic));
    const limit = { ms: options.timeLimitMs ?? TIME_LIMIT_MS, pid: rows[0]?.pid ?? 0 };
    const verdicts = await withinLimit(
      database,
      { ...limit, of: queue.topic },
      handler(tx, messages),
    );
    if (verdicts) await this.#judge.obey(tx, rows, verdicts);
  }

  /** Finds the message that fails: tries halves until it stands alone; only its attempts are counted. */
  async #isolate(rows: readonly TakenRow[], error: unknown): Promise<void> {
    const [only] = rows;
    if (rows.length === 1 && only) {
      await this.#blame(only, error);
      return;
    }
    const middle = Math.ceil(rows.length / 2);
    for (const half of [rows.slice(0, middle), rows.slice(middle)]) {
      if (this.#signal.aborted) return;
      await this.#lanes?.keep();
      const tried = await this.#attempt((tx) => this.#takeAgain(tx, half));
      if (tried.failed) await this.#isolate(tried.rows, tried.error);
    }
  }

  async #takeAgain(tx: Tx, rows: readonly TakenRow[]): Promise<TakenRow[]> {
    await this.#lanes?.fence(tx, rows);
    return takeThese(tx, this.#input.queue, rows);
  }

  /** In a transaction of its own: the attempt counts although its work was rolled back. */
  async #blame(row: TakenRow, error: unknown): Promise<void> {
    const { database, log, queue } = this.#input;
    log.warn(
      {
        ...{ err: error, topic: queue.topic, group: queue.group_name },
        ...{ message: row.message_id, attempts: row.attempts + 1 },
      },
      'a message failed',
    );
    await database.transaction(async (tx) => {
      const [taken] = await this.#takeAgain(tx, [row]);
      if (taken) await this.#judge.fail(tx, taken, messageOf(error));
    });
  }
}

function byId(left: TakenRow, right: TakenRow): number {
  if (left.slot !== right.slot) return left.slot - right.slot;
  return left.id < right.id ? -1 : left.id > right.id ? 1 : 0;
}

function toMessage<Payload>(row: TakenRow, topic: string): Message<Payload> {
  let parsed: { payload: Payload } | undefined;
  return {
    id: row.message_id,
    topic,
    key: row.key,
    get time() {
      return new Date(row.published_at);
    },
    source: row.source,
    traceparent: row.traceparent ?? undefined,
    attempts: row.attempts,
    text: row.payload,
    get payload() {
      parsed ??= { payload: JSON.parse(row.payload) as Payload };
      return parsed.payload;
    },
  };
}
