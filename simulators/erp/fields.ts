/** What the caller did wrong; becomes `{ error, field }` with this status. */
export class Problem extends Error {
  readonly status: number;
  readonly field: string | undefined;

  constructor(status: number, message: string, field?: string) {
    super(message);
    this.status = status;
    this.field = field;
  }
}

export type Fields = Readonly<Record<string, unknown>>;

/** A form and a JSON object read alike; an empty body has no fields. */
export function parseFields(contentType: string | undefined, body: string): Fields {
  if (body.trim() === '') return {};
  if (contentType?.startsWith('application/x-www-form-urlencoded'))
    return Object.fromEntries(new URLSearchParams(body));
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    throw new Problem(400, 'The body is not JSON', 'body');
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields;
  throw new Problem(400, 'The body must be a JSON object', 'body');
}

export function refuseUnknown(fields: Fields, known: readonly string[]): void {
  const unknown = Object.keys(fields).find((name) => !known.includes(name));
  if (unknown !== undefined)
    throw new Problem(400, `Unknown field; there are: ${known.join(', ')}`, unknown);
}

export function readNumber(
  value: unknown,
  rule: { field: string; min: number; max: number; fraction?: boolean },
): number {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  const fits = typeof number === 'number' && number >= rule.min && number <= rule.max;
  if (fits && (rule.fraction || Number.isInteger(number))) return number;
  const kind = rule.fraction ? 'a number' : 'a whole number';
  throw new Problem(400, `${rule.field} is ${kind}, ${rule.min} to ${rule.max}`, rule.field);
}

export function readChoice<Word extends string>(
  value: unknown,
  words: readonly Word[],
  field: string,
): Word {
  const word = words.find((one) => one === value);
  if (word !== undefined) return word;
  throw new Problem(400, `${field} is one of: ${words.join(', ')}`, field);
}

export function readText(value: unknown, field: string, lengthMax: number): string {
  if (typeof value === 'string' && value.trim() !== '' && value.length <= lengthMax) return value;
  throw new Problem(400, `${field} is a text of at most ${lengthMax} letters`, field);
}
