import type { Bus } from '#bus';
import { afterCommit, beforeCommit, type Database, sql, type Tx } from '#database';

/**
 * The points of a process's work at one of which it kills itself: for children that tests of crashes start. A point is
 * before and after each commit that changes something, before and after each call that is wrapped, and wherever `point` is
 * said.
 */
export interface CrashPoints {
  point(): void;
  /** Counts from here on: what was done before it was preparation. */
  begin(): void;
  database(inner: Database): Database;
  /** Whoever consumes from it does so in its transaction, not in one of the database above. */
  bus(inner: Bus): Bus;
  call<Given, Result>(call: (given: Given) => Promise<Result>): (given: Given) => Promise<Result>;
}

/** Dies at this point, the first is 1; 0: never. */
export function crashPoints(dieAt: number): CrashPoints {
  let points = 0;

  function point(): void {
    points += 1;
    if (points === dieAt) process.kill(process.pid, 'SIGKILL');
  }

  async function aroundCommit(tx: Tx): Promise<void> {
    const { rows } = await sql<{ changed: boolean }>`
      select pg_current_xact_id_if_assigned() is not null as changed`.execute(tx);
    if (!rows[0]?.changed) return;
    point();
    afterCommit(tx, point);
  }

  return {
    point,
    begin() {
      points = 0;
    },
    database: (inner) => ({
      ...inner,
      transaction: (work) =>
        inner.transaction(async (tx) => {
          const result = await work(tx);
          // Behind what is written at the end of the transaction, such as messages.
          beforeCommit(tx, () => aroundCommit(tx));
          return result;
        }),
    }),
    bus: (inner) => ({
      ...inner,
      consume: (group, options, handler) =>
        inner.consume(group, options, async (tx, messages) => {
          const verdicts = await handler(tx, messages);
          beforeCommit(tx, () => aroundCommit(tx));
          return verdicts;
        }),
    }),
    call: (call) => async (given) => {
      point();
      const result = await call(given);
      point();
      return result;
    },
  };
}
