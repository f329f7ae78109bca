import { userInfo } from 'node:os';
import { createSharedClock } from '#clock';
import type { Database } from '#database';
import { AppError } from '#errors';
import { createIdSource } from '#ids';
import { silentLog } from '#log';
import { createMetrics } from '#metrics';
import { createOperators } from '#operators';
import {
  createCatalogue,
  createCouponList,
  createMoves,
  createPlanList,
  createPlans,
} from '#subscriptions';
import type { Call } from './command.ts';
import { EXIT } from './exit.ts';
import { Refusal } from './refusal.ts';
import { openRunningDatabase } from './running-database.ts';
import { mustReadConfig } from './settings.ts';

/** What commands about plans and coupons work with. */
export interface PriceListTools {
  readonly database: Database;
  readonly plans: ReturnType<typeof createPlanList>;
  readonly moves: ReturnType<typeof createMoves>;
  readonly coupons: ReturnType<typeof createCouponList>;
  /** Who is at the keyboard, for what is written down of changes. */
  readonly actor: string;
}

export async function withPriceList(
  call: Call,
  command: string,
  work: (tools: PriceListTools) => Promise<number>,
): Promise<number> {
  const database = await openRunningDatabase(mustReadConfig(call), command);
  const closing = new AsyncDisposableStack();
  closing.defer(() => database.close());
  try {
    const clock = await createSharedClock(database);
    closing.defer(() => clock.close());
    const shared = { database, clock, log: silentLog(), metrics: createMetrics() };
    const operators = await createOperators(shared);
    closing.defer(() => operators.close());
    const versions = createPlans(database, createCatalogue(database, clock));
    const plans = createPlanList({
      ...{ clock, plans: versions },
      operators: () => operators.all().map(({ name }) => name),
    });
    const moves = createMoves({ clock, ids: createIdSource(process.pid), plans: versions });
    const actor = `${userInfo().username} (kopek ${command})`;
    return await work({ database, plans, moves, coupons: createCouponList({ clock }), actor });
  } catch (error) {
    throw withEveryFault(error);
  } finally {
    await closing.disposeAsync();
  }
}

/** Whoever mends a file wants to hear of all that is wrong with it. */
function withEveryFault(error: unknown): unknown {
  if (!(error instanceof AppError) || error.faults.length < 2) return error;
  const advice = error.faults.slice(1).map(({ field, message }) => `${field} ${message}`);
  return new Refusal(EXIT.usage, error.message, { advice });
}

/** A document of the API for a person: one fact in a line. */
export function factLines(document: object, columns: number): readonly string[] {
  return Object.entries(document).map(
    ([name, value]) => `  ${name.padEnd(columns)} ${text(value)}`,
  );
}

function text(value: unknown): string {
  if (typeof value === 'string') return value;
  return value instanceof Date ? value.toISOString() : spell(value);
}

export function spell(value: unknown): string {
  return JSON.stringify(value, (_, one) => (typeof one === 'bigint' ? Number(one) : one));
}
