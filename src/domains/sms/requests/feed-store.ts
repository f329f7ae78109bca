import type { Executor } from '#database';
import { sql } from '#database';
import { behindPosition, type FeedPosition, inFeedOrder } from '#feed';
import type { EventRow } from '#sms/event-store';
import type { Origin } from '#sms/message';

export interface FeedRow extends EventRow {
  readonly recipient: string;
  readonly entity: string | null;
  readonly origin: Origin;
  readonly client_reference: string | null;
  readonly segments: number | null;
}

const PLACE = { transaction: 'e.xid', id: 'e.id' };

/** Events behind a place, in an order in which none is committed behind the reader's back. */
export async function readFeed(
  executor: Executor,
  input: {
    readonly position: FeedPosition;
    readonly entity: string | null;
    readonly limit: number;
  },
): Promise<readonly FeedRow[]> {
  const { rows } = await sql<FeedRow>`
    select e.id, e.xid::text as xid, e.message_id, e.at, e.state, e.provider, e.attempt, e.reason, e.trace,
      m.recipient, m.entity, m.origin, m.client_reference, m.segments
    from sms.event e join sms.message m on m.id = e.message_id
    where ${behindPosition(PLACE, input.position)} and (${input.entity}::text is null or m.entity = ${input.entity})
    order by ${inFeedOrder(PLACE)} limit ${input.limit}`.execute(executor);
  return rows;
}
