import { messageOf } from '#errors';
import type { CarrierState, QueueDepth } from './bus.ts';
import type { BusCore } from './core.ts';
import type { Engine } from './engine.ts';
import { waitAtMost } from './patience.ts';
import { type DepthRow, type EngineName, readDepths } from './postgres/store.ts';
import { readLag } from './relay/store.ts';

/** Whoever asks for metrics waits no longer for a broker. */
const ANSWER_PATIENCE_MS = 2000;
const asked = new WeakMap<Engine, Promise<ReadonlyMap<number, number>>>();

/** How full every queue is: what waits here, what is to be sent, and what the brokers have, as far as they answer. */
export async function measureDepths(
  core: BusCore,
  engines: ReadonlyMap<EngineName, Engine>,
): Promise<readonly QueueDepth[]> {
  const rows = await readDepths(core.database.pool, core.clock.now());
  const atBrokers = new Map<number, number>();
  for (const [engine, ofEngine] of Map.groupBy(rows, (row) => row.engine)) {
    const found = await askBroker(engines.get(engine), ofEngine);
    for (const [queue, count] of found) atBrokers.set(queue, count);
  }
  return rows.map((row) => ({
    ...{ topic: row.topic, group: row.group_name, engine: row.engine },
    ready: Number(row.ready) + Number(row.unsent) + (atBrokers.get(row.queue) ?? 0),
    delayed: Number(row.delayed),
    dead: Number(row.dead),
    oldestSeconds: Math.max(0, row.oldest_seconds),
  }));
}

async function askBroker(engine: Engine | undefined, rows: readonly DepthRow[]) {
  if (!engine) return new Map<number, number>();
  // One that is away, or stands still, is told of elsewhere; what waits here is worth knowing all the same.
  const answer = asked.get(engine) ?? ask(engine, rows);
  const inTime = await waitAtMost(answer, ANSWER_PATIENCE_MS);
  return inTime ? answer : new Map<number, number>();
}

/** Nobody is asked again while the last answer is waited for. */
function ask(engine: Engine, rows: readonly DepthRow[]): Promise<ReadonlyMap<number, number>> {
  const answer = engine
    .depths(rows)
    .catch((): ReadonlyMap<number, number> => new Map())
    .finally(() => asked.delete(engine));
  asked.set(engine, answer);
  return answer;
}

/** Of each broker whether it answers, and what waits to be sent to it. */
export async function lookAtCarriers(
  core: BusCore,
  engines: ReadonlyMap<EngineName, Engine>,
): Promise<readonly CarrierState[]> {
  const lags = await readLag(core.database.pool, core.clock.now());
  return Promise.all(
    [...engines].map(async ([name, engine]) => {
      const lag = lags.find((one) => one.engine === name);
      const away = await engine.ready().then(() => undefined, messageOf);
      return {
        ...{ engine: name, away, unsent: Number(lag?.waiting ?? 0) },
        lagSeconds: lag?.lag_seconds ?? 0,
      };
    }),
  );
}
