import { AppError } from '#errors';
import type { Group } from './bus.ts';
import type { BusCore } from './core.ts';
import type { Engine } from './engine.ts';
import { LANES } from './key-hash.ts';
import { whenReady } from './open-engines.ts';
import {
  declareQueue,
  type EngineName,
  hasMessages,
  hasUnsent,
  type QueueRow,
  setEngine,
} from './postgres/store.ts';
import { countPresent } from './presence.ts';

const ATTEMPTS_MAX = 12;

export interface DeclareInput {
  readonly core: BusCore;
  readonly engines: ReadonlyMap<EngineName, Engine>;
  readonly wanted: (topic: string) => EngineName;
}

/** Makes a group known. Throws `bus_engine_differs` when its messages wait on another engine than its topic's now. */
export async function declareGroup(input: DeclareInput, group: Group): Promise<QueueRow> {
  const { core, wanted } = input;
  const { topic } = group;
  const engine = wanted(topic.name);
  const asked = {
    ...{ topic: topic.name, group_name: group.name, ordered: topic.ordered, lanes: LANES },
    ...{ attempts_max: group.attemptsMax ?? ATTEMPTS_MAX, engine, priorities: topic.priorities },
  };
  const row = await declareQueue(core.database.pool, asked);
  if (row.engine === engine) return row;
  const reason = await whyStay(input, row);
  if (reason === undefined) {
    await setEngine(core.database.pool, row.queue, engine);
    return declareQueue(core.database.pool, asked);
  }
  throw new AppError(
    'precondition',
    'bus_engine_differs',
    `${topic.name} → ${group.name} is on ${row.engine}, and is to be on ${engine}: ${reason}. ` +
      'Stop all processes and say: kopek bus move',
    { details: { topic: topic.name, group: group.name, from: row.engine, to: engine } },
  );
}

/** Why a queue can't simply live on another engine from now on. */
async function whyStay(
  { core, engines }: DeclareInput,
  row: QueueRow,
): Promise<string | undefined> {
  const { pool } = core.database;
  // The one is our own.
  const others = (await countPresent(pool)) - 1;
  if (others > 0) return `${others} other processes use the bus`;
  if (row.engine === 'postgres') {
    return (await hasMessages(pool, row.queue)) ? 'messages wait there' : undefined;
  }
  if (await hasUnsent(pool, row.topic)) return 'messages wait to be sent there';
  const engine = engines.get(row.engine);
  if (!engine) return 'what waits there is not known without its URL';
  try {
    await whenReady(engine);
    const count = (await engine.depths([row])).get(row.queue) ?? 0;
    return count > 0 ? `${count} messages wait there` : undefined;
  } catch {
    return 'what waits there is not known while it is away';
  }
}
