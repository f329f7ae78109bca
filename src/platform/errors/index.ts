/** What kind of failure a code stands for. Status, retry and log level follow from it alone. */
export type ErrorKind =
  | 'invalid'
  | 'not_found'
  | 'conflict'
  | 'precondition'
  | 'forbidden'
  | 'unauthenticated'
  | 'limited'
  | 'too_large'
  | 'unavailable'
  | 'internal';

/** One table for the whole house: domains never see a status code. */
export const ERROR_KINDS: Readonly<
  Record<
    ErrorKind,
    { readonly status: number; readonly retry: boolean; readonly level: 'info' | 'warn' | 'error' }
  >
> = {
  invalid: { status: 400, retry: false, level: 'info' },
  unauthenticated: { status: 401, retry: false, level: 'info' },
  forbidden: { status: 403, retry: false, level: 'info' },
  not_found: { status: 404, retry: false, level: 'info' },
  conflict: { status: 409, retry: false, level: 'info' },
  precondition: { status: 422, retry: false, level: 'info' },
  too_large: { status: 413, retry: false, level: 'info' },
  limited: { status: 429, retry: true, level: 'info' },
  unavailable: { status: 503, retry: true, level: 'warn' },
  internal: { status: 500, retry: false, level: 'error' },
};

/** A fault of one field of the input: `field` is a JSON path such as `msisdn` or `lines.0.amount`. */
export interface FieldFault {
  readonly field: string;
  readonly message: string;
}

/**
 * An error that can be shown: it could not proceed, and this is why.
 * Expected answers of the business are returned unions, not errors.
 */
export class AppError extends Error {
  readonly code: string;
  readonly kind: ErrorKind;
  readonly faults: readonly FieldFault[];
  readonly details: Readonly<Record<string, unknown>>;

  constructor(
    kind: ErrorKind,
    code: string,
    message: string,
    more: {
      readonly cause?: unknown;
      readonly faults?: readonly FieldFault[];
      readonly details?: Readonly<Record<string, unknown>>;
    } = {},
  ) {
    super(message, more.cause === undefined ? undefined : { cause: more.cause });
    this.name = 'AppError';
    this.kind = kind;
    this.code = code;
    this.faults = more.faults ?? [];
    this.details = more.details ?? {};
  }
}

/**
 * Declares the error codes of one domain, each with its kind, and gives back the maker of its errors:
 * `const fail = errorCodes({ campaign_unknown: 'not_found' }); throw fail('campaign_unknown', '…')`.
 */
export function errorCodes<Code extends string>(kinds: Readonly<Record<Code, ErrorKind>>) {
  return (
    code: Code,
    message: string,
    more: ConstructorParameters<typeof AppError>[3] = {},
  ): AppError => new AppError(kinds[code], code, message, more);
}

/** An assertion: what must never be. Failing it is a bug, so it has no code for the outside. */
export function must(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`must hold: ${message}`);
}

/** The value of a switch that has no case left; the compiler proves it is never reached. */
export function unreachable(value: never): never {
  throw new Error(`unreachable: ${String(value)}`);
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
