import { AppError } from '#errors';

/** SQLSTATEs after which the same work may simply be done again (PostgreSQL manual, appendix A). */
const TRANSIENT_STATES = new Set([
  '40001', // serialization_failure
  '40P01', // deadlock_detected
  '53300', // too_many_connections
  '55P03', // lock_not_available
  '57P01', // admin_shutdown
  '57P02', // crash_shutdown
  '57P03', // cannot_connect_now
  '25P03', // idle_in_transaction_session_timeout
]);

const NETWORK_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ENOENT', // the unix socket of a server that is restarting
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
]);

const LOST_CONNECTION =
  /Connection terminated|connection error|Client has encountered|timeout exceeded when trying to connect|Client was closed|not queryable|driver has already been destroyed/i;

/** The SQLSTATE of a database error, or undefined when `error` is not one. */
export function sqlState(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) ? code : undefined;
}

/** True when the work did not fail: its surroundings did. It is tried again whole, and nothing is counted. */
export function isTransient(error: unknown): boolean {
  if (error instanceof AppError) return error.kind === 'unavailable' || isTransient(error.cause);
  const code = (error as { code?: unknown } | null)?.code;
  if (typeof code === 'string') {
    if (TRANSIENT_STATES.has(code) || code.startsWith('08')) return true;
    if (NETWORK_CODES.has(code)) return true;
  }
  if (error instanceof AggregateError) return error.errors.some(isTransient);
  return error instanceof Error && LOST_CONNECTION.test(error.message);
}
