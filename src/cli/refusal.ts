/** The end of a command that a person can act on: said in a few lines, never with a stack. */
export class Refusal extends Error {
  readonly exit: number;
  /** `KOP-0102`, for `kopek explain`. */
  readonly code: string | undefined;
  /** What to do, a line each. */
  readonly advice: readonly string[];

  constructor(
    exit: number,
    message: string,
    more: {
      readonly code?: string;
      readonly advice?: readonly string[];
      readonly cause?: unknown;
    } = {},
  ) {
    super(message, { cause: more.cause });
    this.exit = exit;
    this.code = more.code;
    this.advice = more.advice ?? [];
  }
}
