import { bury, type QueueRow, type TakenRow, takeThese } from '#bus/store';
import type { Clock } from '#clock';
import type { Database, Tx } from '#database';
import { AppError } from '#errors';
import type { Log } from '#log';
import { heldByOthers, keysThatWait, type Parked, park, takeDueBeside } from './broker-store.ts';
import type { Delivery, Feed, Marked } from './delivery.ts';
import { idOf, mayBeForeign } from './foreign.ts';
import type { Lanes } from './lanes.ts';
import { byId, type Supply } from './supply.ts';
import type { Sweeper } from './sweeper.ts';

export interface BrokerSupplyInput<One extends Delivery> {
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Log;
  readonly sweeper: Sweeper;
  readonly queue: QueueRow;
  readonly priorities: number;
  readonly owner: string;
  /** Ends the sleep that would follow when nothing is left to handle of what was taken. */
  readonly stir: () => void;
  readonly feed: Feed<One>;
  /** Why a payload of the topic can't be handled. */
  readonly faultOf: (payload: string) => string | undefined;
  /** Where a lane has one owner: of an ordered queue they fence its messages, too. */
  readonly lanes: Lanes | undefined;
}

const DUE_LOOK_INTERVAL_MS = 50;
/** How long a message waits for whoever holds it elsewhere; then it is taken, and the tables decide. */
const HELD_PATIENCE_MS = 5000;
const SUSPICION = 'its consumer died while handling it';

/** A row of a batch that has no row in the database yet. */
type FreshRow<One> = TakenRow & { readonly delivery: One };

/**
 * Messages that a broker delivers, together with those of its queue that wait here for their next attempt. What
 * can't be handled now (poison, or behind a waiting one of its key) moves into the tables in the same transaction.
 */
export class BrokerSupply<One extends Delivery> implements Supply {
  readonly #input: BrokerSupplyInput<One>;
  readonly #slots: readonly number[];
  readonly #inHand = new Set<One>();
  #marked: readonly One[] = [];
  #dueFirst = true;
  #nextDueLookMs = 0;
  #heldSinceMs: number | undefined;

  constructor(input: BrokerSupplyInput<One>) {
    this.#input = input;
    const { priorities, queue } = input;
    this.#slots = Array.from(
      { length: queue.ordered ? queue.lanes : priorities },
      (_, slot) => slot,
    );
  }

  async keep(): Promise<void> {
    const { feed, lanes } = this.#input;
    await lanes?.keep();
    await feed.keep();
    const unverified = feed.unverified();
    if (unverified.length > 0) await this.#verify(unverified);
  }

  async take(tx: Tx, most: number): Promise<TakenRow[]> {
    const { feed, lanes, queue } = this.#input;
    if (!feed.settled()) return [];
    if (queue.ordered && lanes) {
      const owned = lanes.owned();
      if (owned.length === 0) return [];
      await lanes.fence(tx, owned);
    }
    const slots = (queue.ordered ? lanes?.owned() : undefined) ?? this.#slots;
    if (queue.ordered) {
      // A retry runs apart from fresh messages, so that it fails apart.
      const due = await this.#due(tx, slots, most);
      return due.length > 0 ? due : this.#fresh(tx, most);
    }
    const dueFirst = this.#dueFirst && performance.now() >= this.#nextDueLookMs;
    this.#dueFirst = !dueFirst;
    if (!dueFirst) {
      const rows = await this.#fresh(tx, most);
      // A look for due messages would let this transaction commit without waiting for the disk.
      if (rows.length > 0 || this.#marked.length > 0) return rows;
    }
    const rows = await this.#due(tx, slots, most);
    if (rows.length === 0) this.#nextDueLookMs = performance.now() + DUE_LOOK_INTERVAL_MS;
    return rows.length > 0 || !dueFirst ? rows : this.#fresh(tx, most);
  }

  async takeAgain(tx: Tx, rows: readonly TakenRow[]): Promise<TakenRow[]> {
    const { lanes, queue } = this.#input;
    if (queue.ordered && lanes) {
      await lanes.fence(
        tx,
        rows.map((row) => row.slot),
      );
    }
    const wanted = new Set(rows.flatMap((row) => (isFresh<One>(row) ? [row.delivery] : [])));
    if (wanted.size > 0) return this.#mark(tx, this.#upTo(wanted), wanted);
    return (await takeThese(tx, queue, rows)).sort(byId);
  }

  committed(): void {
    if (this.#marked.length === 0) return;
    for (const delivery of this.#marked) this.#inHand.delete(delivery);
    this.#input.feed.done(this.#marked);
    this.#marked = [];
    this.#input.stir();
  }

  rolledBack(): void {
    this.#marked = [];
  }

  putBack(): void {
    this.#marked = [];
    if (this.#inHand.size === 0) return;
    const rest = [...this.#inHand];
    this.#inHand.clear();
    this.#input.feed.back(rest);
  }

  async release(): Promise<void> {
    this.putBack();
    await this.#input.feed.release();
    await this.#input.lanes?.release();
  }

  async #due(tx: Tx, slots: readonly number[], most: number): Promise<TakenRow[]> {
    const { clock, feed, queue } = this.#input;
    const asked = { queue: queue.queue, slots, most, now: clock.now(), ordered: queue.ordered };
    const rows = (await takeDueBeside(tx, { ...asked, waiting: feed.waiting() })).sort(byId);
    return this.#readable(tx, rows);
  }

  /** A dead letter that was put back is what it was: one that no handler may see dies again, with the reason. */
  async #readable(tx: Tx, rows: readonly TakenRow[]): Promise<TakenRow[]> {
    const { faultOf } = this.#input;
    const judged = rows.map((row) => ({
      row,
      fault: mayBeForeign(row) ? faultOf(row.payload) : undefined,
    }));
    await this.#buryFaulty(tx, judged);
    return judged.flatMap(({ fault, row }) => (fault === undefined ? [row] : []));
  }

  async #buryFaulty(tx: Tx, judged: readonly { row: TakenRow; fault: string | undefined }[]) {
    const { clock, log, queue } = this.#input;
    const dead = judged.flatMap(({ row, fault: error }) =>
      error === undefined ? [] : [{ row, attempts: 0, error, at: clock.now() }],
    );
    for (const { error, row } of dead) {
      log.error(
        { topic: queue.topic, group: queue.group_name, message: idOf(row), error },
        'a foreign message can not be read and went to the dead letters',
      );
    }
    await bury(tx, queue.queue, dead);
  }

  async #fresh(tx: Tx, most: number): Promise<TakenRow[]> {
    const reserved = this.#input.feed.reserve(most);
    for (const delivery of reserved) this.#inHand.add(delivery);
    return reserved.length > 0 ? this.#mark(tx, reserved) : [];
  }

  /**
   * `wanted`, and what lies before it in hand: that had been parked or buried in the transaction that failed. To read
   * on behind it without it would lose it.
   */
  #upTo(wanted: ReadonlySet<One>): readonly One[] {
    const inHand = [...this.#inHand];
    return inHand.slice(0, inHand.findLastIndex((delivery) => wanted.has(delivery)) + 1);
  }

  /** Answers what can be handled now, and is `wanted`: anything, unless told. */
  async #mark(
    tx: Tx,
    deliveries: readonly One[],
    wanted: ReadonlySet<One> = new Set(deliveries),
  ): Promise<TakenRow[]> {
    const marked = await this.#input.feed.mark(tx, deliveries);
    const rows = marked.fresh.map(({ delivery, id }) => toRow(delivery, id, marked.pid));
    const handled = await this.#sort(tx, rows, { ...marked, wanted });
    this.#marked = deliveries;
    return handled;
  }

  /** Leaves those that can be handled now. */
  async #sort(
    tx: Tx,
    rows: readonly FreshRow<One>[],
    { suspected, wanted }: Marked<One> & { readonly wanted: ReadonlySet<One> },
  ) {
    const { clock, queue } = this.#input;
    const keys = queue.ordered ? rows.map((row) => row.key) : [];
    const waiting = new Set(
      keys.length > 0 ? await keysThatWait(tx, queue.queue, keys) : undefined,
    );
    const parked: Parked[] = [];
    const handled: TakenRow[] = [];
    for (const row of rows) {
      if (row.delivery.fault !== undefined) continue;
      if (suspected.has(row.message_id)) {
        parked.push({ row, attempts: 1, alone: true, error: SUSPICION });
        if (queue.ordered) waiting.add(row.key);
      } else if (waiting.has(row.key) || !wanted.has(row.delivery)) {
        if (queue.ordered) waiting.add(row.key);
        parked.push({ row, attempts: 0, alone: false, error: null });
      } else handled.push(row);
    }
    await park(tx, queue.queue, { parked, now: clock.now() });
    await this.#buryFaulty(
      tx,
      rows.map((row) => ({ row, fault: row.delivery.fault })),
    );
    return handled;
  }

  /** A redelivered message may have killed who had it: first the search for the dead, then it may be taken. */
  async #verify(unverified: readonly One[]): Promise<void> {
    const { database, feed, owner, queue, sweeper } = this.#input;
    await sweeper.search();
    const ids = unverified.map((delivery) => delivery.messageId);
    const held = await heldByOthers(database.pool, { queue: queue.queue, hand: owner, ids });
    const patient = performance.now() - (this.#heldSinceMs ?? performance.now()) < HELD_PATIENCE_MS;
    if (held.size > 0 && patient) {
      this.#heldSinceMs ??= performance.now();
      feed.verified(unverified.filter((delivery) => !held.has(delivery.messageId)));
      const why = `Another consumer of ${queue.topic} holds what was delivered here, too.`;
      throw new AppError('unavailable', 'held_elsewhere', why);
    }
    this.#heldSinceMs = undefined;
    feed.verified(unverified);
  }
}

function isFresh<One>(row: TakenRow): row is FreshRow<One> {
  return row.delivery !== undefined;
}

function toRow<One extends Delivery>(delivery: One, id: bigint, pid: number): FreshRow<One> {
  return {
    ...{ slot: delivery.slot, id, message_id: delivery.messageId, key: delivery.key },
    ...{ published_at: delivery.publishedAt, source: delivery.source },
    ...{ traceparent: delivery.traceparent ?? null, payload: delivery.payload },
    ...{ attempts: 0, pid, alone: false, delivery },
  };
}
