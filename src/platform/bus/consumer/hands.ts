import type { Line } from '#bus/line';
import type { TakenRow } from '#bus/store';

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
        `insert into platform.bus_hand (hand, queue, runs, alone, backend_pid, held_since)
         values ($1, $2, $3, $4, $5, clock_timestamp())
         on conflict (hand) do update set runs = excluded.runs, alone = excluded.alone, backend_pid = excluded.backend_pid,
           held_since = excluded.held_since`,
        [hand, queue, JSON.stringify(runsOf(rows)), rows[0]?.alone, rows[0]?.pid],
      ),
    drop: (hand) => line.query('delete from platform.bus_hand where hand = $1', [hand]),
  };
}

type Run = [slot: number, attempts: number, first: number, last: number];

/** Sorted rows as runs of neighbours: a batch is mostly one of them. Ids stay far below 2^53. */
function runsOf(rows: readonly TakenRow[]): readonly Run[] {
  const runs: Run[] = [];
  for (const { slot, attempts, id } of rows) {
    const [run, at] = [runs.at(-1), Number(id)];
    if (run && run[0] === slot && run[1] === attempts && run[3] + 1 === at) run[3] = at;
    else runs.push([slot, attempts, at, at]);
  }
  return runs;
}
