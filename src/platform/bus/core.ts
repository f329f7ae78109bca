import type { Clock } from '#clock';
import { type Database, type Executor, sql } from '#database';
import type { Log } from '#log';
import type { Metrics } from '#metrics';
import { type Company, createCompany } from './consumer/company.ts';
import { createHands, type Hands } from './consumer/hands.ts';
import { createSweeper, type Sweeper } from './consumer/sweeper.ts';
import { type Line, openLine } from './line.ts';
import { showPresence } from './presence.ts';
import { createWakeUps, WAKE_CHANNEL, type WakeUps } from './wake.ts';

/** What all engines of one bus share. */
export interface BusCore {
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly source: string;
  readonly line: Line;
  readonly wakeUps: WakeUps;
  readonly hands: Hands;
  readonly company: Company;
  readonly sweeper: Sweeper;
  /** Who we are on a broker. */
  readonly origin: string;
}

/** Opens what all engines share: the line on which this process shows that it is there. */
export async function openCore(options: {
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly source: string;
  /** It moves queues itself, and so does not show itself as one who works with them. */
  readonly isMover?: boolean;
}): Promise<BusCore> {
  const { clock, database, log, metrics, source } = options;
  const wakeUps = createWakeUps((): Line => line, log);
  const line = openLine({
    ...{ database, log, channel: WAKE_CHANNEL, hear: wakeUps.hear },
    ...(options.isMover
      ? {}
      : { begin: (client: Queryable) => showPresence((text) => client.query(text)) }),
  });
  // Throws while queues are being moved.
  await line.query('select', []);
  return {
    ...{ database, clock, log, metrics, source, line, wakeUps },
    hands: createHands(line),
    company: createCompany(),
    sweeper: createSweeper({ database, clock, log }),
    origin: await readOrigin(database.pool),
  };
}

interface Queryable {
  query(text: string): Promise<{ rows: unknown[] }>;
}

export async function closeCore({ line, sweeper }: BusCore): Promise<void> {
  await sweeper.close();
  await line.close();
}

async function readOrigin(executor: Executor): Promise<string> {
  const { rows } = await sql<{ origin: string }>`select origin from platform.bus_origin`.execute(
    executor,
  );
  return rows[0]?.origin ?? '';
}
