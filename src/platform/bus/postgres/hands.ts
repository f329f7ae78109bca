import type { Line } from './line.ts';
import type { TakenRow } from './store.ts';

/**
 * What each consumer of this process holds, known to the others before it begins: whoever finds the hand of a
 * consumer that died knows which message may have killed it.
 */
export interface Hands {
  hold(hand: string, queue: number, rows: readonly TakenRow[]): Promise<void>;
  drop(hand: string): Promise<void>;
}

export function createHands(line: Line): Hands {
  return {
    hold: (hand, queue, rows) =>
      line.query(
        `insert into platform.bus_hand (hand, queue, slots, ids, attempts, backend_pid, held_since)
         values ($1, $2, $3, $4, $5, $6, clock_timestamp())
         on conflict (hand) do update set slots = excluded.slots, ids = excluded.ids, attempts = excluded.attempts,
           backend_pid = excluded.backend_pid, held_since = excluded.held_since`,
        [
          ...[hand, queue, listOf(rows.map((row) => row.slot)), listOf(rows.map((row) => row.id))],
          ...[listOf(rows.map((row) => row.attempts)), rows[0]?.pid],
        ],
      ),
    drop: (hand) => line.query('delete from platform.bus_hand where hand = $1', [hand]),
  };
}

/** An array of PostgreSQL. */
function listOf(numbers: readonly (number | bigint)[]): string {
  return `{${numbers.join(',')}}`;
}
