import type { ConsumeOptions, Verdict } from '#bus/bus';
import { bury, type NotDone, putOff, type QueueRow, type TakenRow } from '#bus/store';
import type { Clock } from '#clock';
import type { Tx } from '#database';
import { must } from '#errors';
import type { Log } from '#log';
import { idOf } from './foreign.ts';

export interface Judge {
  /** Carries out what a handler said of messages that `tx` has taken. */
  obey(tx: Tx, rows: readonly TakenRow[], verdicts: readonly Verdict[]): Promise<void>;
  /** One more attempt of `row` has failed. */
  fail(tx: Tx, row: TakenRow, error: string): Promise<void>;
}

export interface JudgeInput {
  readonly clock: Clock;
  readonly log: Log;
  readonly queue: QueueRow;
  readonly backoff: ConsumeOptions['backoff'];
}

const BACKOFF = { firstMs: 500, factor: 2, mostMs: 300_000 };

/** Decides between another attempt and the dead letters. */
export function createJudge({ clock, log, queue, backoff = BACKOFF }: JudgeInput): Judge {
  function delayMs(attempts: number): number {
    return Math.min(backoff.mostMs, backoff.firstMs * backoff.factor ** (attempts - 1));
  }

  async function carryOut(tx: Tx, judged: readonly { row: TakenRow; verdict: Verdict }[]) {
    const dead: NotDone[] = [];
    const again: NotDone[] = [];
    for (const { row, verdict } of judged) {
      const attempts = row.attempts + 1;
      const shared = { row, attempts, error: verdict.reason };
      if (verdict.verdict === 'dead' || attempts >= queue.attempts_max) {
        dead.push({ ...shared, at: clock.now() });
      } else {
        const dueMs = clock.nowMs() + (verdict.delayMs ?? delayMs(attempts));
        again.push({ ...shared, at: new Date(dueMs) });
      }
    }
    await putOff(tx, queue.queue, again);
    await bury(tx, queue.queue, dead);
    for (const { row, error } of dead) {
      log.error(
        { topic: queue.topic, group: queue.group_name, message: idOf(row), error },
        'a message went to the dead letters',
      );
    }
  }

  return {
    async obey(tx, rows, verdicts) {
      if (verdicts.length === 0) return;
      const rowOf = new Map(rows.map((row) => [idOf(row), row]));
      const judged = verdicts.map((verdict) => {
        const row = rowOf.get(verdict.id);
        must(row, `a verdict is about a message of the batch, not ${verdict.id}`);
        return { row, verdict };
      });
      if (queue.ordered) refuseOvertaking(rows, verdicts);
      await carryOut(tx, judged);
    },
    fail: (tx, row, reason) =>
      carryOut(tx, [{ row, verdict: { id: idOf(row), verdict: 'retry', reason } }]),
  };
}

/** Throws when a message is done although an earlier one of its key waits: smaller parts keep the order. */
function refuseOvertaking(rows: readonly TakenRow[], verdicts: readonly Verdict[]): void {
  const again = new Set(verdicts.filter((one) => one.verdict === 'retry').map((one) => one.id));
  const waiting = new Set<string>();
  for (const row of rows) {
    if (again.has(idOf(row))) waiting.add(row.key);
    else if (waiting.has(row.key)) {
      throw new Error(`a message of key ${row.key} has to wait for the retry of an earlier one`);
    }
  }
}
