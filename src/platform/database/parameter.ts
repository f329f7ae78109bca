/**
 * A parameter in the words of PostgreSQL where that is faster than what pg writes by itself: sets are arrays of hundreds of values,
 * and pg takes the day and the hour of each moment out of the local calendar. What is not known here is left to pg.
 */
export function toParameter(value: unknown): unknown {
  if (value instanceof Date) return momentOf(value) ?? value;
  return Array.isArray(value) ? (arrayOf(value) ?? value) : value;
}

function arrayOf(values: readonly unknown[]): string | undefined {
  let text = '{';
  for (const [at, value] of values.entries()) {
    const element = elementOf(value);
    if (element === undefined) return undefined;
    text += at === 0 ? element : `,${element}`;
  }
  return `${text}}`;
}

function elementOf(value: unknown): string | undefined {
  if (value === null || value === undefined) return 'NULL';
  switch (typeof value) {
    case 'string':
      return quote(value);
    case 'bigint':
    case 'boolean':
    case 'number':
      return String(value);
    case 'object':
      if (value instanceof Date) return momentOf(value);
      if (Buffer.isBuffer(value)) return `"\\\\x${value.toString('hex')}"`;
      return Array.isArray(value) ? arrayOf(value) : undefined;
    default:
      return undefined;
  }
}

/** Nothing in it means anything in an array, and it is not the word for nothing. */
const PLAIN = /^(?!null$)[\w.:+@/-]+$/i;
const SPECIAL = /["\\]/g;

function quote(text: string): string {
  return PLAIN.test(text) ? text : `"${text.replace(SPECIAL, '\\$&')}"`;
}

const YEAR_1_MS = -62_135_596_800_000;
const YEAR_9999_MS = 253_402_300_799_999;

/** Undefined where ISO 8601 and PostgreSQL write years differently. */
function momentOf(at: Date): string | undefined {
  const ms = at.getTime();
  return ms >= YEAR_1_MS && ms <= YEAR_9999_MS ? at.toISOString() : undefined;
}
