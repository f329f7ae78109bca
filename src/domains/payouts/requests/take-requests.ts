import { type Batcher, createBatcher } from '#batch';
import type { Clock } from '#clock';
import type { Database } from '#database';
import type { NewRequest } from './request.ts';
import { compareWithStored, insertRequests } from './request-store.ts';

/** A request of the same external_id that was there before: its id, and the field in which the two differ, if any. */
export interface Earlier {
  readonly id: bigint;
  readonly differs: 'client_id' | 'metadata' | undefined;
}

/** Stores requests durably and in sets; answers undefined for one that is stored now. */
export type RequestTaker = Batcher<NewRequest, Earlier | undefined>;

export function createRequestTaker(options: {
  readonly database: Database;
  readonly clock: Clock;
}): RequestTaker {
  const { clock, database } = options;
  return createBatcher<NewRequest, Earlier | undefined>({
    async flush(requests) {
      const stored = await insertRequests(database.pool, { requests, now: clock.now() });
      if (stored === requests.length) return new Array(requests.length);
      return tellEarlier(database, requests);
    },
  });
}

/** A second statement, because only a new one sees what another process has stored while the first one waited for it. */
async function tellEarlier(
  { pool }: Database,
  requests: readonly NewRequest[],
): Promise<readonly (Earlier | undefined)[]> {
  const answers = new Array<Earlier | undefined>(requests.length);
  for (const row of await compareWithStored(pool, requests)) {
    const at = Number(row.place) - 1;
    if (requests[at]?.id === row.id) continue;
    const differs = row.same_metadata ? undefined : 'metadata';
    answers[at] = { id: row.id, differs: row.same_client ? differs : 'client_id' };
  }
  return answers;
}
