import { fail } from './errors.ts';

/** Something that a service delivers. */
export interface Item {
  /** The code of the service it belongs to. */
  readonly service: string;
  readonly title: string;
  /** Plain text; a line that is a web address becomes a link. */
  readonly body: string;
}

const TITLE_LENGTH_MAX = 200;
const BODY_LENGTH_MAX = 10_000;

/** Throws `item_invalid`, naming the field. */
export function checkItem(item: Item): void {
  checkLength('title', item.title, TITLE_LENGTH_MAX);
  checkLength('body', item.body, BODY_LENGTH_MAX);
}

function checkLength(field: string, text: string, lengthMax: number): void {
  if (text.trim() !== '' && text.length <= lengthMax) return;
  const message = `1 to ${lengthMax} letters`;
  throw fail('item_invalid', `${field} must be ${message}.`, { faults: [{ field, message }] });
}
