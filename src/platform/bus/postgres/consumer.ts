import type { Clock } from '#clock';
import { type Database, isTransient, sql, type Tx } from '#database';
import { messageOf } from '#errors';
import { uuidV7 } from '#ids';
import type { Log } from '#log';
import type { ConsumeOptions, Consumer, Handler, Message, Verdict } from '../bus.ts';
import { createFloors, type Floors } from './floors.ts';
import {
  bury,
  clearHand,
  putOff,
  type QueueRow,
  releaseLanes,
  settleLanes,
  type TakenRow,
  takeDue,
  takeFresh,
  takeOrdered,
  takeThese,
  writeHand,
} from './store.ts';
import type { WakeUps } from './wake.ts';

export interface ConsumerInput<Payload> {
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Log;
  readonly wakeUps: WakeUps;
  readonly queue: QueueRow;
  readonly priorities: number;
  readonly options: ConsumeOptions;
  readonly handler: Handler<Payload>;
  /** The first search for what a dead predecessor held must be over before anything is taken. */
  readonly ready: Promise<void>;
}

const BATCH_SIZE = 200;
const TIME_LIMIT_MS = 30_000;
const BACKOFF = { firstMs: 500, factor: 2, mostMs: 300_000 };
/** Idle consumers look by themselves this often: for delayed messages, and for a wake-up that was lost. */
const IDLE_POLL_MS = 300;
const TROUBLE_PAUSE_MS = 100;
const TROUBLE_PAUSE_MOST_MS = 2000;
const LANE_LEASE_MS = 15_000;
const LANE_RENEWAL_MS = 3000;

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

class ConsumerLoop<Payload> {
  readonly #input: ConsumerInput<Payload>;
  readonly #floors: Floors;
  readonly #signal: AbortSignal;
  readonly #hand = uuidV7();
  readonly #slots: readonly number[];
  #dueFirst = true;
  #lanesSettledMs = Number.NEGATIVE_INFINITY;
  #troubleMs = 0;

  constructor(input: ConsumerInput<Payload>, floors: Floors, signal: AbortSignal) {
    this.#input = input;
    this.#floors = floors;
    this.#signal = signal;
    this.#slots = Array.from(
      { length: input.queue.ordered ? 0 : input.priorities },
      (_, slot) => slot,
    );
  }

  async run(): Promise<void> {
    const { database, log, queue, ready, wakeUps } = this.#input;
    await ready;
    while (!this.#signal.aborted) {
      try {
        if (queue.ordered) await this.#keepLanes();
        const handled = await this.#handleNext();
        this.#troubleMs = 0;
        if (!handled) await wakeUps.sleep(queue.topic, IDLE_POLL_MS, this.#signal);
      } catch (error) {
        if (!isTransient(error))
          log.error({ err: error, topic: queue.topic }, 'a consumer stumbled');
        this.#troubleMs = Math.min(TROUBLE_PAUSE_MOST_MS, this.#troubleMs * 2 || TROUBLE_PAUSE_MS);
        await wakeUps.sleep('', this.#troubleMs, this.#signal);
      }
    }
    await clearHand(database.pool, this.#hand).catch(() => {});
    if (queue.ordered) await releaseLanes(database.pool, this.#hand).catch(() => {});
  }

  /** True when there was something. */
  async #handleNext(): Promise<boolean> {
    const taken = await this.#attempt((tx) => this.#take(tx));
    if (taken.failed) await this.#inHalves(taken.rows, taken.error);
    return taken.rows.length > 0;
  }

  async #take(tx: Tx): Promise<TakenRow[]> {
    const { queue, options, clock } = this.#input;
    const most = options.batchSize ?? BATCH_SIZE;
    if (queue.ordered) {
      return takeOrdered(tx, { queue: queue.queue, owner: this.#hand, most, now: clock.now() });
    }
    const due = () =>
      takeDue(tx, { queue: queue.queue, slots: this.#slots, most, now: clock.now() });
    const fresh = () =>
      this.#floors.take((floors) =>
        takeFresh(tx, { queue: queue.queue, slots: this.#slots, floors, most }),
      );
    // In turns, so that neither many retries nor a flood of fresh messages keeps the other waiting.
    const [first, second] = this.#dueFirst ? [due, fresh] : [fresh, due];
    this.#dueFirst = !this.#dueFirst;
    const rows = await first();
    return rows.length > 0 ? rows : second();
  }

  /** One transaction: take, handle, and so remove. What is thrown by its surroundings passes through. */
  async #attempt(take: (tx: Tx) => Promise<TakenRow[]>) {
    const { database, queue } = this.#input;
    let rows: TakenRow[] = [];
    try {
      await database.attempt(async (tx) => {
        rows = (await take(tx)).sort(byId);
        if (rows.length === 0) return;
        await writeHand(database.pool, {
          hand: this.#hand,
          queue: queue.queue,
          slots: rows.map((row) => row.slot),
          ids: rows.map((row) => row.id),
          pid: rows[0]?.pid ?? 0,
        });
        await this.#handle(tx, rows);
      });
      return { failed: false, rows } as const;
    } catch (error) {
      if (rows.length > 0) {
        this.#floors.forget();
        await clearHand(database.pool, this.#hand);
      }
      if (isTransient(error)) {
        if ((error as { code?: string }).code === '40P01') database.deadlocks.count += 1;
        throw error;
      }
      if (rows.length === 0) throw error;
      return { failed: true, rows, error } as const;
    }
  }

  async #handle(tx: Tx, rows: readonly TakenRow[]): Promise<void> {
    const { handler, queue } = this.#input;
    const messages = rows.map((row) => toMessage<Payload>(row, queue.topic));
    const verdicts = (await this.#withinLimit(rows[0]?.pid ?? 0, handler(tx, messages))) ?? [];
    for (const verdict of verdicts) {
      const row = rows.find((candidate) => candidate.message_id === verdict.id);
      if (!row)
        throw new Error(`must hold: a verdict is about a message of the batch, not ${verdict.id}`);
      await this.#obey(tx, row, verdict);
    }
  }

  /** A handler past its limit loses its connection, and with it its locks: whatever it does then fails. */
  async #withinLimit<Result>(pid: number, work: Promise<Result>): Promise<Result> {
    const { database, options, queue } = this.#input;
    const limitMs = options.timeLimitMs ?? TIME_LIMIT_MS;
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      void sql`select pg_terminate_backend(${pid})`.execute(database.pool).catch(() => {});
    }, limitMs);
    try {
      const result = await work;
      if (late) throw new Error(`a handler of ${queue.topic} took longer than ${limitMs} ms`);
      return result;
    } catch (error) {
      if (late)
        throw new Error(`a handler of ${queue.topic} took longer than ${limitMs} ms`, {
          cause: error,
        });
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  async #obey(tx: Tx, row: TakenRow, verdict: Verdict): Promise<void> {
    const { clock, queue } = this.#input;
    const attempts = row.attempts + 1;
    if (verdict.verdict === 'dead') {
      await bury(tx, {
        queue: queue.queue,
        row,
        attempts,
        diedAt: clock.now(),
        error: verdict.reason,
      });
    } else await this.#again(tx, row, { error: verdict.reason, delayMs: verdict.delayMs });
  }

  async #again(
    tx: Tx,
    row: TakenRow,
    why: { error: string; delayMs?: number | undefined },
  ): Promise<void> {
    const { clock, log, queue } = this.#input;
    const attempts = row.attempts + 1;
    const shared = { queue: queue.queue, row, attempts, error: why.error.slice(0, 2000) };
    if (attempts >= queue.attempts_max) {
      log.error(
        { topic: queue.topic, group: queue.group_name, message: row.message_id, error: why.error },
        'a message went to the dead letters',
      );
      await bury(tx, { ...shared, diedAt: clock.now() });
      return;
    }
    const dueAt = new Date(clock.nowMs() + (why.delayMs ?? this.#backoffMs(attempts)));
    await putOff(tx, { ...shared, dueAt });
  }

  #backoffMs(attempts: number): number {
    const { firstMs, factor, mostMs } = this.#input.options.backoff ?? BACKOFF;
    return Math.min(mostMs, firstMs * factor ** (attempts - 1));
  }

  /** Finds the message that fails: halves until it stands alone; only its attempts are counted. */
  async #inHalves(rows: readonly TakenRow[], cause: unknown): Promise<void> {
    const heldBack = new Set<string>();
    const { queue } = this.#input;
    const stack: { rows: readonly TakenRow[]; error: unknown }[] = [{ rows, error: cause }];
    for (let part = stack.pop(); part; part = stack.pop()) {
      // In an ordered queue nothing of a key may pass the message of it that has just failed.
      const here = queue.ordered ? part.rows.filter((row) => !heldBack.has(row.key)) : part.rows;
      if (here.length === 0) continue;
      if (here.length === 1 && part.error !== undefined) {
        const [row] = here as [TakenRow];
        await this.#blame(row, part.error);
        heldBack.add(row.key);
        continue;
      }
      if (part.error === undefined) {
        const tried = await this.#attempt((tx) => this.#takeAgain(tx, here));
        if (tried.failed) stack.push({ rows: tried.rows, error: tried.error });
        continue;
      }
      const middle = Math.ceil(here.length / 2);
      stack.push(
        { rows: here.slice(middle), error: undefined },
        { rows: here.slice(0, middle), error: undefined },
      );
    }
  }

  async #takeAgain(tx: Tx, rows: readonly TakenRow[]): Promise<TakenRow[]> {
    const { queue } = this.#input;
    const slots = rows.map((row) => row.slot);
    if (queue.ordered && !(await this.#stillOwns(tx, slots))) return [];
    return takeThese(tx, { queue: queue.queue, slots, ids: rows.map((row) => row.id) });
  }

  async #stillOwns(tx: Tx, lanes: readonly number[]): Promise<boolean> {
    const wanted = [...new Set(lanes)];
    const { rows } = await sql`
      select from platform.bus_lane
      where queue = ${this.#input.queue.queue} and lane = any (${wanted}::smallint[])
        and owner = ${this.#hand} and lease_until > clock_timestamp()
      order by lane for share`.execute(tx);
    return rows.length === wanted.length;
  }

  /** In a transaction of its own: the attempt counts although its work was rolled back. */
  async #blame(row: TakenRow, error: unknown): Promise<void> {
    const { database, log, queue } = this.#input;
    log.warn(
      {
        err: error,
        topic: queue.topic,
        group: queue.group_name,
        message: row.message_id,
        attempts: row.attempts + 1,
      },
      'a message failed',
    );
    await database.transaction(async (tx) => {
      const [taken] = await this.#takeAgain(tx, [row]);
      if (taken) await this.#again(tx, taken, { error: messageOf(error) });
    });
  }

  async #keepLanes(): Promise<void> {
    const { database, queue } = this.#input;
    if (performance.now() - this.#lanesSettledMs < LANE_RENEWAL_MS) return;
    await database.transaction((tx) =>
      settleLanes(tx, { queue: queue.queue, owner: this.#hand, leaseMs: LANE_LEASE_MS }),
    );
    this.#lanesSettledMs = performance.now();
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
    time: row.published_at,
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
