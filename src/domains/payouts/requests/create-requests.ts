import type { Clock } from '#clock';
import type { Database } from '#database';
import type { IdSource } from '#ids';
import { fail } from '#payouts/errors';
import {
  metadataText,
  mustBeStorable,
  parseRequestId,
  type RequestStatus,
  requestId,
} from './request.ts';
import { countWaiting, findRequest, listRequests, type RequestRow } from './request-store.ts';
import { createRequestTaker, type RequestTaker } from './take-requests.ts';

/** A wish to be paid, as a caller states it. */
export interface RequestInput {
  readonly clientId: string;
  readonly externalId: string;
  readonly metadata?: Readonly<Record<string, unknown>> | undefined;
  readonly askedBy: string;
}

/** Requests for payouts: taken, and shown. What becomes of them is the gate's work. */
export interface Requests {
  /**
   * Answers its public id after the commit that holds it; for an external_id that was taken before, that one's. Throws
   * `request_malformed`, `request_conflict`, and `overloaded` when too many wait.
   */
  take(input: RequestInput): Promise<string>;
  /** Throws `request_unknown`. */
  find(request: string): Promise<RequestRow>;
  /** The newest first. */
  list(input: {
    readonly clientId: string | null;
    readonly status: RequestStatus | null;
    readonly before: bigint | null;
    readonly limit: number;
  }): Promise<readonly RequestRow[]>;
  /** How many wait for the gate, and for how long the oldest has. */
  waiting(): Promise<{ readonly count: number; readonly oldestSeconds: number }>;
  drain(): Promise<void>;
}

export interface RequestsOptions {
  readonly database: Database;
  readonly clock: Clock;
  readonly ids: IdSource;
  /** In place of the one that stores. */
  readonly taker?: RequestTaker;
}

export function createRequests(options: RequestsOptions): Requests {
  const { clock, database, ids } = options;
  const taker = options.taker ?? createRequestTaker(options);
  return {
    async take({ askedBy, clientId, externalId, metadata }) {
      mustBeStorable('client_id', clientId);
      mustBeStorable('external_id', externalId);
      const text = metadataText(metadata);
      const id = ids.next(clock.nowMs());
      const earlier = await taker.add({ id, clientId, externalId, metadata: text, askedBy });
      if (!earlier) return requestId(id);
      if (!earlier.differs) return requestId(earlier.id);
      const field = earlier.differs;
      const message = `differs from that of ${requestId(earlier.id)}, which has the same external_id`;
      throw fail('request_conflict', `${field} ${message}. Take another external_id.`, {
        faults: [{ field, message }],
      });
    },
    async find(request) {
      const row = await findRequest(database.pool, parseRequestId(request));
      if (row) return row;
      throw fail('request_unknown', `There is no payout request ${request}.`);
    },
    list: (input) => listRequests(database.pool, input),
    async waiting() {
      const { count, oldest } = await countWaiting(database.pool);
      const oldestMs = oldest ? clock.nowMs() - oldest.getTime() : 0;
      return { count: Number(count), oldestSeconds: Math.max(0, oldestMs / 1000) };
    },
    drain: () => taker.drain(),
  };
}
