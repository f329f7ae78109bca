import type { Line } from '#bus/line';
import type { TakenRow } from '#bus/store';
import { PREPARED } from '#database';

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
      rows[0]?.delivery === undefined ? holdRows(hand, queue, rows) : holdIds(hand, queue, rows),
    drop: (hand) => line.query('delete from platform.bus_hand where hand = $1', [hand]),
  };

  function holdRows(hand: string, queue: number, rows: readonly TakenRow[]): Promise<void> {
    return line.query(
      `${PREPARED}insert into platform.bus_hand (hand, queue, runs, alone, backend_pid, held_since)
         values ($1, $2, $3, $4, $5, clock_timestamp())
         on conflict (hand) do update set runs = excluded.runs, message_ids = '{}', alone = excluded.alone, backend_pid = excluded.backend_pid,
           held_since = excluded.held_since`,
      [hand, queue, JSON.stringify(runsOf(rows)), rows[0]?.alone, rows[0]?.pid],
    );
  }

  /** What a broker delivered has no row: its ids are known when it is delivered again. */
  function holdIds(hand: string, queue: number, rows: readonly TakenRow[]): Promise<void> {
    return line.query(
      `${PREPARED}insert into platform.bus_hand (hand, queue, runs, message_ids, alone, backend_pid, held_since)
       values ($1, $2, '[]', $3, false, $4, clock_timestamp())
       on conflict (hand) do update set runs = excluded.runs, message_ids = excluded.message_ids,
         alone = excluded.alone, backend_pid = excluded.backend_pid, held_since = excluded.held_since`,
      [hand, queue, rows.map((row) => row.message_id), rows[0]?.pid],
    );
  }
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
