import { type Database, isTransient, type RawBuilder, sql, type Tx } from '#database';
import type { Log } from '#log';
import type { Metrics } from '#metrics';
import { createConnection, type OperatorConnection } from './connection.ts';
import { fail } from './errors.ts';
import type { Operator } from './operator.ts';
import {
  addToNumberList,
  findListed,
  type NumberList,
  type OperatorState,
  readOperators,
  saveOperator,
} from './store.ts';

export interface Operators {
  /** Throws `operator_unknown`. */
  get(name: string): Operator;
  all(): readonly Operator[];
  connection(name: string): OperatorConnection;
  save(tx: Tx, operator: Operator): Promise<void>;
  addToNumberList: typeof addToNumberList;
  /** Which of these numbers must not be charged, and by which list. */
  listed(tx: Tx, msisdns: readonly string[]): Promise<ReadonlyMap<string, NumberList>>;
  /** Reads everything again now; it happens by itself every second. */
  refresh(): Promise<void>;
  close(): Promise<void>;
}

const REFRESH_INTERVAL_MS = 1000;

export interface OperatorsOptions {
  readonly database: Database;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** Loads all operators and keeps them fresh: a rate changed in the database holds a second later. */
export async function createOperators(options: OperatorsOptions): Promise<Operators> {
  const { database, log, metrics } = options;
  const states = new Map<string, OperatorState>();
  const connections = new Map<string, OperatorConnection>();

  async function refresh(): Promise<void> {
    for (const state of await readOperators(database.pool)) {
      states.set(state.operator.name, state);
      connections.get(state.operator.name)?.heardOpen(state.openMs);
    }
  }

  function get(name: string): Operator {
    const state = states.get(name);
    if (!state) throw fail('operator_unknown', `There is no operator called ${name}.`);
    return state.operator;
  }

  metrics.gauge('kopek_operator_breaker_open', 'Whether nothing is sent to the operator now', {
    labels: ['operator'],
    read: async () =>
      [...states].map(([name, { openMs }]) => ({
        labels: { operator: name },
        value: openMs > 0 ? 1 : 0,
      })),
  });

  await refresh();
  const timer = setInterval(() => {
    refresh().catch((error) => {
      if (!isTransient(error)) log.error({ err: error }, 'operators could not be read');
    });
  }, REFRESH_INTERVAL_MS).unref();

  return {
    get,
    all: () => [...states.values()].map((state) => state.operator),
    connection(name) {
      const known = connections.get(name);
      if (known) return known;
      const made = createConnection({ database, log, metrics, current: () => get(name) });
      connections.set(name, made);
      return made;
    },
    async save(tx, operator) {
      await saveOperator(tx, operator);
    },
    addToNumberList,
    listed: findListed,
    refresh,
    async close() {
      clearInterval(timer);
      await Promise.all([...connections.values()].map((connection) => connection.close()));
    },
  };
}

/**
 * For a statement of another domain that must hold at the moment it writes: true when the number in `column`
 * stands on no list. The one place where SQL crosses a door, because the race is decided in that statement.
 */
export function isOnNoList(column: string): RawBuilder<boolean> {
  return sql`not exists (select from operators.number_list l where l.msisdn = ${sql.ref(column)})`;
}
