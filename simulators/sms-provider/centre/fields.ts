/** What the caller of the simulator's own routes did wrong; becomes `{ error, field }` with this status. */
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
  if (contentType?.startsWith('application/x-www-form-urlencoded') === true) {
    return Object.fromEntries(new URLSearchParams(body));
  }
  const value = parseJson(body);
  if (isFields(value)) return value;
  throw new Problem(400, 'The body is a JSON object', 'body');
}

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    throw new Problem(400, 'The body is not JSON', 'body');
  }
}

export function readMsisdn(value: unknown, field: string): string {
  const text = typeof value === 'string' ? value.trim() : '';
  if (!/^\+?\d{5,15}$/.test(text)) throw new Problem(400, `${field} is 5 to 15 digits`, field);
  return text.startsWith('+') ? text.slice(1) : text;
}

export interface NumberRule {
  readonly field: string;
  readonly min: number;
  readonly max: number;
  /** Integers unless set. */
  readonly fraction?: true;
}

export function readNumber(value: unknown, rule: NumberRule): number {
  // Forms and queries send text; a JSON number and its text are taken alike.
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  const valid =
    typeof number === 'number' &&
    number >= rule.min &&
    number <= rule.max &&
    (rule.fraction === true || Number.isInteger(number));
  if (valid) return number;
  const kind = rule.fraction === true ? 'a number' : 'a whole number';
  throw new Problem(400, `${rule.field} is ${kind} from ${rule.min} to ${rule.max}`, rule.field);
}

export function readText(value: unknown, field: string, maxLength: number): string {
  if (typeof value !== 'string' || value.length > maxLength) {
    throw new Problem(400, `${field} is a text of at most ${maxLength} characters`, field);
  }
  return value;
}

export function readFlag(value: unknown, field: string): boolean {
  if (value === true || value === 'true' || value === '1') return true;
  if (value === false || value === 'false' || value === '0') return false;
  throw new Problem(400, `${field} is true or false`, field);
}

export function readChoice<Value extends string>(
  value: unknown,
  allowed: readonly Value[],
  field: string,
): Value {
  const found = allowed.find((each) => each === value);
  if (found !== undefined) return found;
  throw new Problem(400, `${field} is one of: ${allowed.join(', ')}`, field);
}

/** A misspelt member must not be silently ignored: a test would then prove nothing. */
export function refuseUnknown(fields: Fields, known: readonly string[]): void {
  const unknown = Object.keys(fields).find((name) => !known.includes(name));
  if (unknown !== undefined) throw new Problem(400, `Unknown field ${unknown}`, unknown);
}
