import type { Clock } from '#clock';
import type { Database } from '#database';
import { AppError } from '#errors';
import type { Log } from '#log';
import type { Metrics } from '#metrics';
import type { Bus } from './bus.ts';
import { openPostgresBus } from './postgres/engine.ts';

export interface BusOptions {
  /** `postgres:` means the very database that `database` is. */
  readonly url: string;
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  /** The CloudEvents `source` of what this process publishes, such as `kopek/telco`. */
  readonly source: string;
}

/** Opens the engine that `url` names. Throws `bus_unknown` for a scheme that this version does not speak. */
export async function openBus(options: BusOptions): Promise<Bus> {
  if (options.url.startsWith('postgres:')) return openPostgresBus(options);
  throw new AppError(
    'invalid',
    'bus_unknown',
    `BUS_URL names an engine that this version does not have: ${options.url.split(':')[0]}:. Use postgres:`,
  );
}
