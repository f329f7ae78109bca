import { readChoice, readNumber } from './fields.ts';
import type { ObjectStore, Table } from './object-store.ts';

/** Money that was really taken from a payer, or given back. */
export interface MoneyEntry {
  readonly sequence: number;
  readonly kind: 'debit' | 'credit';
  /** The simulator's own id of the operation. */
  readonly operation: string;
  /** What the merchant calls it; empty where it said nothing. */
  readonly reference: string;
  /** What the merchant calls the payer; empty where it said nothing. */
  readonly account: string;
  readonly method: string;
  readonly amount_minor: number;
  readonly currency: string;
  /** In the simulator's time. */
  readonly at: string;
}

const pageMax = 100_000;
const listedMax = 1_000;

/** The simulator's own book: whoever wants to know whether somebody paid twice asks it, never the merchant. */
export class MoneyBook {
  readonly #entries: Table<MoneyEntry>;

  constructor(store: ObjectStore) {
    this.#entries = store.table('ledger');
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Within a transaction. */
  add(entry: Omit<MoneyEntry, 'sequence'>): void {
    const sequence = this.#entries.size + 1;
    this.#entries.put(String(sequence), { sequence, ...entry });
  }

  last(count: number): readonly MoneyEntry[] {
    return this.#entries.all().slice(-count).reverse();
  }

  /** A page in order; `next_since` is null on the last. */
  list(query: URLSearchParams) {
    const limit = readNumber(query.get('limit') ?? pageMax, {
      ...{ field: 'limit', min: 1, max: pageMax },
    });
    const since = readNumber(query.get('since') ?? 0, { field: 'since', min: 0, max: 1e15 });
    const kind = query.get('kind');
    if (kind !== null) readChoice(kind, ['debit', 'credit'], 'kind');
    const wanted = this.#entries
      .all()
      .filter(
        (entry) =>
          entry.sequence > since &&
          (['kind', 'reference', 'account', 'operation', 'currency'] as const).every(
            (field) => (query.get(field) ?? entry[field]) === entry[field],
          ),
      );
    const entries = wanted.slice(0, limit);
    const isLast = wanted.length === entries.length;
    return {
      entries,
      total: wanted.length,
      next_since: isLast ? null : entries.at(-1)?.sequence,
    };
  }

  /** What it comes to, and which references were debited more than once. */
  summarise() {
    const sums: Record<string, { debited_minor: number; credited_minor: number }> = {};
    const debits = new Map<string, number>();
    for (const { amount_minor, currency, kind, reference } of this.#entries.all()) {
      const sum = sums[currency] ?? { debited_minor: 0, credited_minor: 0 };
      sums[currency] = sum;
      sum[kind === 'debit' ? 'debited_minor' : 'credited_minor'] += amount_minor;
      if (kind === 'debit' && reference !== '') {
        debits.set(reference, (debits.get(reference) ?? 0) + 1);
      }
    }
    const repeated = [...debits].filter(([, count]) => count > 1);
    return {
      total: this.#entries.size,
      sums,
      references: debits.size,
      duplicates: repeated.length,
      duplicate_references: repeated
        .slice(0, listedMax)
        .map(([reference, count]) => ({ reference, count })),
    };
  }
}
