import { createLanes, type Lanes } from '#bus/lanes';
import { byId, type Source, type Supply } from '#bus/supply';
import type { Clock } from '#clock';
import type { Database, Tx } from '#database';
import { createFloors, type Floors } from './floors.ts';
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

export interface PostgresSourceInput {
  readonly database: Database;
  readonly clock: Clock;
  readonly queue: QueueRow;
  readonly priorities: number;
}

/** How soon a flood of fresh messages is stopped again to look for due ones. */
const DUE_LOOK_INTERVAL_MS = 50;

/** Messages that are rows of this database. */
export function createPostgresSource(input: PostgresSourceInput): Source {
  const floors = createFloors(input.priorities);
  return {
    open: (owner) => new PostgresSupply(input, floors, owner),
    async close() {},
  };
}

class PostgresSupply implements Supply {
  readonly #input: PostgresSourceInput;
  readonly #floors: Floors;
  readonly #owner: string;
  readonly #slots: readonly number[];
  readonly #lanes: Lanes | undefined;
  #dueFirst = true;
  #nextDueLookMs = 0;

  constructor(input: PostgresSourceInput, floors: Floors, owner: string) {
    this.#input = input;
    this.#floors = floors;
    this.#owner = owner;
    this.#slots = Array.from({ length: input.priorities }, (_, slot) => slot);
    const { database, queue } = input;
    this.#lanes = queue.ordered ? createLanes(database, queue, owner) : undefined;
  }

  async keep(most: number): Promise<void> {
    await this.#lanes?.keep();
    if (most > 0 && most < PARCEL_MOST) await this.#cut(most);
  }

  /** Consumers of small batches are to work side by side; the lanes of an ordered queue have one consumer each. */
  async #cut(most: number): Promise<void> {
    const { database, queue } = this.#input;
    if (queue.ordered) return;
    const floors = this.#floors.now();
    await cutParcels(database.pool, { queue: queue.queue, slots: this.#slots, floors, most });
  }

  async take(tx: Tx, most: number): Promise<TakenRow[]> {
    return (await this.#take(tx, most)).sort(byId);
  }

  async takeAgain(tx: Tx, rows: readonly TakenRow[]): Promise<TakenRow[]> {
    await this.#lanes?.fence(
      tx,
      rows.map((row) => row.slot),
    );
    return (await takeThese(tx, this.#input.queue, rows)).sort(byId);
  }

  committed(): void {}

  rolledBack(): void {
    this.#floors.forget();
  }

  putBack(): void {}

  async release(): Promise<void> {
    await this.#lanes?.release();
  }

  async #take(tx: Tx, most: number): Promise<TakenRow[]> {
    const { clock, queue } = this.#input;
    const now = clock.now();
    if (queue.ordered) {
      return takeOrdered(tx, { queue: queue.queue, owner: this.#owner, most, now });
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
}
