import { readTime } from '#smpp';

/** What the text of a receipt says, by SMPP 3.4, appendix B, and what centres make of it. */
export interface ReceiptText {
  readonly id?: string;
  /** In capitals, as `DELIVRD`. */
  readonly stat?: string;
  readonly err?: string;
  readonly doneAt?: Date;
}

/** Names with a space, an underscore or nothing between their words, in any case, in any order. */
const NAMES = /(?<=^|[\s;,|])(id|sub|dlvrd|submit[ _]?date|done[ _]?date|stat|err|text)\s*[:=]/gi;
const TEXT_MOST = 1000;

/**
 * Fields in any order and any case, any of them missing. What stands behind `text:` is what we wrote ourselves: it is not
 * read, unless the id or the state has not come before it.
 */
export function readReceiptText(text: string, minutesAhead: number): ReceiptText {
  const fields = fieldsOf(text.slice(0, TEXT_MOST));
  const { err, id, stat } = fields;
  const doneAt = readTime(fields.donedate ?? '', minutesAhead);
  return {
    ...(id ? { id } : {}),
    ...(stat ? { stat: stat.toUpperCase() } : {}),
    ...(err ? { err } : {}),
    ...(doneAt ? { doneAt } : {}),
  };
}

function fieldsOf(text: string): Readonly<Record<string, string>> {
  const found = [...text.matchAll(NAMES)];
  const fields: Record<string, string> = {};
  for (const [at, match] of found.entries()) {
    const name = (match[1] ?? '').toLowerCase().replace(/[ _]/, '');
    const isComplete = fields.id !== undefined && fields.stat !== undefined;
    if (name === 'text') {
      if (isComplete) break;
      continue;
    }
    const from = match.index + match[0].length;
    const value =
      text
        .slice(from, found[at + 1]?.index)
        .trim()
        .split(/[\s;,|]/, 1)[0] ?? '';
    // The first of a name counts: behind it may stand what a customer wrote.
    if (value !== '' && fields[name] === undefined) fields[name] = value;
  }
  return fields;
}
