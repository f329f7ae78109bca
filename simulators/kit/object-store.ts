import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Journal } from './journal.ts';

type Put = readonly [table: string, id: string, value: unknown];

/** Objects by id, in the order in which they first came. They are replaced, never changed in place. */
export class Table<Value> {
  readonly #rows: ReadonlyMap<string, Value>;
  readonly #put: (id: string, value: Value) => void;

  constructor(rows: ReadonlyMap<string, Value>, put: (id: string, value: Value) => void) {
    this.#rows = rows;
    this.#put = put;
  }

  get size(): number {
    return this.#rows.size;
  }

  get(id: string): Value | undefined {
    return this.#rows.get(id);
  }

  /** Of an id that must be there. */
  need(id: string): Value {
    const value = this.#rows.get(id);
    if (value === undefined) throw new Error(`must hold: ${id} is in the store`);
    return value;
  }

  all(): Value[] {
    return [...this.#rows.values()];
  }

  put(id: string, value: Value): void {
    this.#put(id, value);
  }
}

/**
 * Everything that a simulator knows, in memory, and its journal on disk. What one `transact` changes is one line of
 * the journal: after kill -9 all of it is there or nothing. Nothing may be answered before `whenWritten`.
 */
export class ObjectStore {
  readonly #maps = new Map<string, Map<string, unknown>>();
  readonly #journal: Journal<readonly Put[]>;
  #puts: Put[] | undefined;
  #undo: (() => void)[] = [];

  constructor(folder: string) {
    mkdirSync(folder, { recursive: true });
    this.#journal = new Journal(join(folder, 'journal.jsonl'), (puts) => {
      for (const [table, id, value] of puts) this.#mapOf(table).set(id, value);
    });
  }

  table<Value>(name: string): Table<Value> {
    const rows = this.#mapOf(name) as ReadonlyMap<string, Value>;
    return new Table(rows, (id, value) => this.#put([name, id, value]));
  }

  /** Whoever throws has changed nothing. Within another transaction it is a part of that one. */
  transact<Result>(action: () => Result): Result {
    if (this.#puts) return action();
    [this.#puts, this.#undo] = [[], []];
    const puts = this.#puts;
    try {
      const result = action();
      if (puts.length > 0) this.#journal.append(puts);
      return result;
    } catch (error) {
      for (const undo of this.#undo.reverse()) undo();
      throw error;
    } finally {
      this.#puts = undefined;
    }
  }

  whenWritten(callback: (failure: Error | undefined) => void): void {
    this.#journal.whenWritten(callback);
  }

  /** As on the first day. */
  async reset(): Promise<void> {
    await this.#journal.clear();
    for (const map of this.#maps.values()) map.clear();
  }

  close(): Promise<void> {
    return this.#journal.close();
  }

  #put(put: Put): void {
    if (!this.#puts) throw new Error('must hold: changes are made within a transaction');
    const [table, id, value] = put;
    const map = this.#mapOf(table);
    const before = map.get(id);
    this.#undo.push(() => (before === undefined ? map.delete(id) : map.set(id, before)));
    map.set(id, value);
    this.#puts.push(put);
  }

  #mapOf(name: string): Map<string, unknown> {
    const known = this.#maps.get(name);
    if (known) return known;
    const map = new Map<string, unknown>();
    this.#maps.set(name, map);
    return map;
  }
}
