import { AppError } from '#errors';

const LENGTH_MAX = 500;

/** What people read in a request's `error`: of a fault of our own, no more than that there is one. */
export function errorText(error: unknown): string {
  const text =
    error instanceof AppError
      ? `${error.code}: ${error.message}`
      : 'internal: the log of req-gate tells more.';
  return text.replaceAll('\u0000', '\ufffd').slice(0, LENGTH_MAX).toWellFormed();
}
