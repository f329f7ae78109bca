/** What the caller of a simulator's own routes did wrong; becomes `{ error, field }` with this status. */
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
  if (isForm(contentType)) return Object.fromEntries(new URLSearchParams(body));
  const value = parseJson(body);
  if (isFields(value)) return value;
  throw new Problem(400, 'The body must be a JSON object', 'body');
}

export function isForm(contentType: string | undefined): boolean {
  return contentType?.startsWith('application/x-www-form-urlencoded') === true;
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

/** Returned without its plus. */
export function readMsisdn(value: unknown, field: string): string {
  const text = typeof value === 'string' ? value.trim() : '';
  if (!/^\+?\d{5,15}$/.test(text)) {
    throw new Problem(400, 'A phone number is 5 to 15 digits', field);
  }
  return text.startsWith('+') ? text.slice(1) : text;
}

export interface TextRule {
  readonly field: string;
  readonly maxLength: number;
  /** Of what is left out or empty. */
  readonly fallback?: string;
  /** Without it a text has something in it beside blanks. */
  readonly mayBeEmpty?: true;
}

export function readText(value: unknown, rule: TextRule): string {
  const isLeftOut = value === undefined || value === null || value === '';
  const text = isLeftOut && rule.fallback !== undefined ? rule.fallback : value;
  if (typeof text !== 'string' || (text.trim() === '' && rule.mayBeEmpty !== true)) {
    throw new Problem(400, `${rule.field} must be a text`, rule.field);
  }
  if (text.length > rule.maxLength) {
    throw new Problem(400, `${rule.field} has at most ${rule.maxLength} characters`, rule.field);
  }
  return text;
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
  throw new Problem(
    400,
    `${rule.field} must be ${kind} from ${rule.min} to ${rule.max}`,
    rule.field,
  );
}

/** A share of everything, from 0 to 1. */
export function readShare(value: unknown, field: string): number {
  return readNumber(value, { field, min: 0, max: 1, fraction: true });
}

const yes: readonly unknown[] = [true, 'true', '1', 'on'];
const no: readonly unknown[] = [false, 'false', '0', 'off'];

export function readFlag(value: unknown, field: string): boolean {
  if (yes.includes(value)) return true;
  if (no.includes(value)) return false;
  throw new Problem(400, `${field} must be true or false`, field);
}

export function readChoice<Value extends string>(
  value: unknown,
  allowed: readonly Value[],
  field: string,
): Value {
  const found = allowed.find((each) => each === value);
  if (found !== undefined) return found;
  throw new Problem(400, `${field} must be one of: ${allowed.join(', ')}`, field);
}

/** A misspelt member must not be silently ignored: a test would then prove nothing. */
export function refuseUnknown(fields: Fields, known: readonly string[]): void {
  const unknown = Object.keys(fields).find((name) => !known.includes(name));
  if (unknown === undefined) return;
  throw new Problem(400, `Unknown field ${unknown}; there are: ${known.join(', ')}`, unknown);
}
