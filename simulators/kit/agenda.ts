interface Entry<Item> {
  readonly dueMs: number;
  readonly place: number;
  readonly item: Item;
}

/** What is to be done when: taken out by time, and what is due in the same millisecond in the order it came. A heap. */
export class Agenda<Item> {
  #heap: Entry<Item>[] = [];
  #places = 0;

  get size(): number {
    return this.#heap.length;
  }

  get nextMs(): number | undefined {
    return this.#heap[0]?.dueMs;
  }

  add(dueMs: number, item: Item): void {
    const entry = { dueMs, place: this.#places++, item };
    let at = this.#heap.length;
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = this.#heap[above];
      if (!parent || isBefore(parent, entry)) break;
      this.#heap[at] = parent;
      at = above;
    }
    this.#heap[at] = entry;
  }

  /** All that is due until then, in its order. */
  take(untilMs: number): Item[] {
    const taken: Item[] = [];
    for (let first = this.#heap[0]; first && first.dueMs <= untilMs; first = this.#heap[0]) {
      taken.push(first.item);
      const last = this.#heap.pop();
      if (last && this.#heap.length > 0) this.#sink(last);
    }
    return taken;
  }

  clear(): void {
    this.#heap = [];
  }

  #sink(entry: Entry<Item>): void {
    let at = 0;
    for (;;) {
      const [left, right] = [this.#heap[2 * at + 1], this.#heap[2 * at + 2]];
      const child = right && left && isBefore(right, left) ? right : left;
      if (!child || isBefore(entry, child)) break;
      this.#heap[at] = child;
      at = child === left ? 2 * at + 1 : 2 * at + 2;
    }
    this.#heap[at] = entry;
  }
}

function isBefore<Item>(one: Entry<Item>, other: Entry<Item>): boolean {
  return one.dueMs < other.dueMs || (one.dueMs === other.dueMs && one.place < other.place);
}
