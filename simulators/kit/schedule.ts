import type { SimulatorClock } from './clock.ts';
import type { ObjectStore, Table } from './object-store.ts';

interface Due {
  readonly what: string;
  readonly target: string;
  readonly dueMs: number;
  readonly isDone: boolean;
}

/** What happens by itself at a time, also after a restart: such as a reservation that ends. */
export class Schedule {
  readonly #store: ObjectStore;
  readonly #clock: SimulatorClock;
  readonly #due: Table<Due>;
  readonly #actions = new Map<string, (target: string) => void>();

  constructor(store: ObjectStore, clock: SimulatorClock) {
    this.#store = store;
    this.#clock = clock;
    this.#due = store.table('due');
  }

  /** What is done for a target when it is due, within a transaction. It must look whether it still applies. */
  on(what: string, action: (target: string) => void): void {
    this.#actions.set(what, action);
  }

  /** What a process before this one had still to do; after all `on`. */
  start(): void {
    for (const due of this.#due.all()) if (!due.isDone) this.#wait(due);
  }

  /** Within the transaction that is the reason for it. */
  add(what: string, target: string, dueMs: number): void {
    const due = { what, target, dueMs, isDone: false };
    this.#due.put(idOf(due), due);
    this.#wait(due);
  }

  #wait(due: Due): void {
    this.#clock.at(due.dueMs, () => {
      const now = this.#due.get(idOf(due));
      if (!now || now.isDone) return;
      this.#store.transact(() => {
        this.#due.put(idOf(due), { ...now, isDone: true });
        this.#actions.get(due.what)?.(due.target);
      });
    });
  }
}

function idOf({ dueMs, target, what }: Due): string {
  return `${what} ${target} ${dueMs}`;
}
