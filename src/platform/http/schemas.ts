import { type Static, type TSchema, Type } from 'typebox';
import { fail } from './errors.ts';
import { CURSOR_LENGTH_MAX, PAGE_ITEMS_DEFAULT, PAGE_ITEMS_MAX } from './limits.ts';

/**
 * An amount in minor units. JSON numbers beyond 2^53 lose digits on their way without a word, so those are
 * refused; in answers a bigint is written with all its digits.
 */
export const AmountMinor = Type.Integer({
  minimum: Number.MIN_SAFE_INTEGER,
  maximum: Number.MAX_SAFE_INTEGER,
  description: 'An amount in minor units of its currency (cents, paisa), an integer.',
});

/** ISO 4217. */
export const CurrencyCode = Type.String({
  pattern: '^[A-Z]{3}$',
  description: 'ISO 4217, such as PKR.',
});

/** A phone number as people write it; whose it is, the operator's plan decides. */
export const MsisdnText = Type.String({
  minLength: 5,
  maxLength: 32,
  description: 'A phone number in any usual spelling, such as +923009102250 or 0300 9102250.',
});

/** An instant, ISO 8601 with its offset. A handler may answer a `Date`. */
export const Instant = Type.String({ format: 'date-time' });

/** The query of every list. */
export const PageQuery = Type.Object({
  limit: Type.Integer({ minimum: 1, maximum: PAGE_ITEMS_MAX, default: PAGE_ITEMS_DEFAULT }),
  cursor: Type.Optional(
    Type.String({ maxLength: CURSOR_LENGTH_MAX, description: '`next_cursor` of the page before.' }),
  ),
});

/** One page of a list: `next_cursor` is null on the last. */
export function pageSchema<Item extends TSchema>(item: Item) {
  return Type.Object({
    items: Type.Array(item),
    next_cursor: Type.Union([Type.String(), Type.Null()]),
  });
}

/**
 * Makes a page of `rows` that were read with `limit + 1`: the one too many tells that there is a next page.
 * `positionOf` is what the next page's query needs to go on behind a row: texts and numbers.
 */
export function pageOf<Row, Item>(
  rows: readonly Row[],
  limit: number,
  as: { readonly item: (row: Row) => Item; readonly positionOf: (row: Row) => CursorPosition },
): { items: Item[]; next_cursor: string | null } {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  const more = rows.length > limit && last !== undefined;
  return { items: shown.map(as.item), next_cursor: more ? writeCursor(as.positionOf(last)) : null };
}

export type CursorPosition = readonly (string | number | bigint)[];

/** Opaque to callers, not secret. Each part comes back as text. */
export function writeCursor(position: CursorPosition): string {
  return Buffer.from(JSON.stringify(position.map(String))).toString('base64url');
}

/** Throws `cursor_invalid` for what is not a cursor of `parts` parts. */
export function readCursor(cursor: string, parts: number): readonly string[] {
  const position = tryParse(Buffer.from(cursor, 'base64url').toString());
  const valid = Array.isArray(position) && position.length === parts;
  // No text of a database has a NUL.
  const isText = (part: unknown) => typeof part === 'string' && !part.includes('\0');
  if (!valid || !position.every(isText)) throw cursorInvalid();
  return position;
}

/** A part of a cursor that is a moment. Throws `cursor_invalid`. */
export function readCursorInstant(part: string): Date {
  const at = new Date(part);
  if (Number.isNaN(at.getTime())) throw cursorInvalid();
  return at;
}

function cursorInvalid() {
  return fail(
    'cursor_invalid',
    'This cursor is not one of ours. Take next_cursor of the page before.',
    {
      faults: [{ field: 'cursor', message: 'must be next_cursor of the page before' }],
    },
  );
}

function tryParse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** What a handler may answer for a schema: wherever the schema says integer a bigint will do. */
export type Sendable<Value> = Value extends number
  ? number | bigint
  : Value extends string
    ? Value | (string extends Value ? Date : never)
    : Value extends readonly (infer Item)[]
      ? readonly Sendable<Item>[]
      : Value extends object
        ? { readonly [Name in keyof Value]: Sendable<Value[Name]> }
        : Value;

export type SendableOf<Schema extends TSchema> = Sendable<Static<Schema>>;
