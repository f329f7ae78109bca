import type { ConsumeOptions, Consumer, Handler, Message } from '#bus/bus';
import type { QueueRow, TakenRow } from '#bus/store';
import type { WakeUps } from '#bus/wake';
import type { Clock } from '#clock';
import { type Database, isTransient, type Tx } from '#database';
import { messageOf } from '#errors';
import { uuidV7 } from '#ids';
import type { Log } from '#log';
import type { Company } from './company.ts';
import { idOf, sourceOf } from './foreign.ts';
import type { Hands } from './hands.ts';
import type { Source, Supply } from './supply.ts';
import { withinLimit } from './time-limit.ts';
import { createJudge, type Judge } from './verdicts.ts';

export interface ConsumerInput<Payload> {
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Log;
  readonly wakeUps: WakeUps;
  readonly hands: Hands;
  readonly company: Company;
  readonly queue: QueueRow;
  readonly source: Source;
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
const TROUBLE_PAUSE_MS = 100;
const TROUBLE_PAUSE_MOST_MS = 2000;

/** Starts `concurrency` loops that take, handle and commit batch after batch. */
export function createConsumer<Payload>(input: ConsumerInput<Payload>): Consumer {
  const stopping = new AbortController();
  const loops = Array.from({ length: input.options.concurrency ?? 1 }, () =>
    new ConsumerLoop(input, stopping.signal).run(),
  );
  return {
    async stop() {
      stopping.abort();
      await Promise.all(loops);
      await input.source.close();
    },
  };
}

/** What became of one transaction. `rows` is empty where there was nothing to take. */
type Attempt =
  | { readonly failed: false; readonly rows: readonly TakenRow[] }
  | { readonly failed: true; readonly rows: readonly TakenRow[]; readonly error: unknown };

class ConsumerLoop<Payload> {
  readonly #input: ConsumerInput<Payload>;
  readonly #signal: AbortSignal;
  readonly #hand = uuidV7();
  readonly #supply: Supply;
  readonly #judge: Judge;
  #troubleMs = 0;
  #holds = false;

  constructor(input: ConsumerInput<Payload>, signal: AbortSignal) {
    const { clock, log, options, queue } = input;
    this.#input = input;
    this.#signal = signal;
    this.#supply = input.source.open(this.#hand);
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
      } finally {
        this.#supply.putBack();
      }
    }
    await hands.drop(this.#hand).catch(() => {});
    await this.#supply.release().catch(() => {});
  }

  /** One batch, or one pause. */
  async #turn(): Promise<void> {
    const { queue, wakeUps } = this.#input;
    const most = this.#room();
    await this.#supply.keep(most);
    if (most <= 0) {
      await this.#emptyHand();
      await wakeUps.sleep('', { patienceMs: NO_ROOM_PAUSE_MS, signal: this.#signal });
      return;
    }
    const since = wakeUps.count(queue.topic);
    const taken = await this.#attempt((tx) => this.#supply.take(tx, most));
    if (taken.failed) await this.#isolate(taken.rows, taken.error);
    if (taken.rows.length > 0) {
      await this.#linger(taken.rows.length, most);
      return;
    }
    await this.#emptyHand();
    await wakeUps.sleep(queue.topic, { patienceMs: IDLE_POLL_MS, signal: this.#signal, since });
  }

  /** Who rests says so: its connection may be closed while nothing is in work, and nobody is to be suspected then. */
  async #emptyHand(): Promise<void> {
    if (!this.#holds) return;
    await this.#input.hands.drop(this.#hand);
    this.#holds = false;
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

  /** One transaction: take, handle, and so remove. What its surroundings throw passes through. */
  async #attempt(take: (tx: Tx) => Promise<TakenRow[]>): Promise<Attempt> {
    const { company, database, hands, queue } = this.#input;
    let rows: TakenRow[] = [];
    let leave = () => {};
    let cause: { readonly error: unknown } | undefined;
    try {
      await database.attempt(async (tx) => {
        rows = await take(tx);
        if (rows.length === 0) return;
        leave = rows[0]?.alone ? await company.alone() : await company.join();
        this.#holds = true;
        await hands.hold(this.#hand, queue.queue, rows);
        await this.#handle(tx, rows).catch((error) => {
          cause = { error };
          throw error;
        });
      });
      this.#supply.committed();
      return { failed: false, rows };
    } catch (thrown) {
      this.#supply.rolledBack();
      if (rows.length > 0) {
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
      await this.#supply.keep(BATCH_SIZE);
      const tried = await this.#attempt((tx) => this.#supply.takeAgain(tx, half));
      if (tried.failed) await this.#isolate(tried.rows, tried.error);
    }
  }

  /** In a transaction of its own: the attempt counts although its work was rolled back. */
  async #blame(row: TakenRow, error: unknown): Promise<void> {
    const { database, log, queue } = this.#input;
    log.warn(
      {
        ...{ err: error, topic: queue.topic, group: queue.group_name },
        ...{ message: idOf(row), attempts: row.attempts + 1 },
      },
      'a message failed',
    );
    try {
      await database.attempt(async (tx) => {
        const [taken] = await this.#supply.takeAgain(tx, [row]);
        if (taken) await this.#judge.fail(tx, taken, messageOf(error));
      });
    } catch (failure) {
      this.#supply.rolledBack();
      throw failure;
    }
    this.#supply.committed();
  }
}

function toMessage<Payload>(row: TakenRow, topic: string): Message<Payload> {
  let parsed: { payload: Payload } | undefined;
  return {
    id: idOf(row),
    topic,
    key: row.key,
    get time() {
      return new Date(row.published_at);
    },
    source: sourceOf(row),
    traceparent: row.traceparent ?? undefined,
    attempts: row.attempts,
    text: row.payload,
    get payload() {
      parsed ??= { payload: JSON.parse(row.payload) as Payload };
      return parsed.payload;
    },
  };
}
