import { type RawBuilder, sql } from '#database';
import { AppError } from '#errors';
import { readCursor, writeCursor } from '#http';

/**
 * A place in a table that is read by cursor while others write. Ids alone lose rows: the transaction that took the
 * lower id may commit after a reader has passed it.
 */
export interface FeedPosition {
  /** Of the transaction that wrote the row: `xid8`, column default `pg_current_xact_id()`. */
  readonly transaction: bigint;
  /** Of the row: grows within its transaction. */
  readonly id: bigint;
}

/** The columns that say where a row stands, as the query names them: `{ transaction: 'e.written_by', id: 'e.id' }`. */
export interface FeedColumns {
  readonly transaction: string;
  readonly id: string;
}

/** Before all rows. */
export const FEED_START: FeedPosition = { transaction: 0n, id: 0n };

const XID8_MAX = 2n ** 64n - 1n;
const INT8_MAX = 2n ** 63n - 1n;

/**
 * For `where`: rows behind `position`, of transactions before which no other is still open. A row of a later one is held
 * back until all that began to write before it have ended, so whoever goes on from the last row it got never misses one. What
 * it costs: a transaction that writes and stays open holds the feed where it is (never longer than a minute in this house).
 */
export function behindPosition(columns: FeedColumns, position: FeedPosition): RawBuilder<boolean> {
  const { id, transaction } = position;
  return sql<boolean>`(${sql.ref(columns.transaction)}, ${sql.ref(columns.id)}) > (${String(transaction)}::xid8, ${id}::bigint)
    and ${sql.ref(columns.transaction)} < pg_snapshot_xmin(pg_current_snapshot())`;
}

/** For `order by`; an index on both columns serves it and `behindPosition`. */
export function inFeedOrder(columns: FeedColumns): RawBuilder<unknown> {
  return sql`${sql.ref(columns.transaction)}, ${sql.ref(columns.id)}`;
}

/** Opaque to callers. A feed has no last page: whoever has read all asks again with the same cursor. */
export function writeFeedCursor({ id, transaction }: FeedPosition): string {
  return writeCursor([transaction, id]);
}

/** Without a cursor it is the start. Throws `cursor_invalid`. */
export function readFeedCursor(cursor: string | undefined): FeedPosition {
  if (cursor === undefined) return FEED_START;
  const [transaction = '', id = ''] = readCursor(cursor, 2);
  return { transaction: readNumber(transaction, XID8_MAX), id: readNumber(id, INT8_MAX) };
}

function readNumber(text: string, most: bigint): bigint {
  const value = /^[0-9]{1,20}$/.test(text) ? BigInt(text) : -1n;
  if (value >= 0n && value <= most) return value;
  throw new AppError(
    'invalid',
    'cursor_invalid',
    'This cursor is not one of ours. Take the one of the page before.',
    {
      faults: [{ field: 'cursor', message: 'must be the cursor of the page before' }],
    },
  );
}
