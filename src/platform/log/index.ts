import { type Logger, pino } from 'pino';

/** Structured log lines (JSON, one a line). Secrets and whole phone numbers never go in: mask first. */
export type Log = Logger;

const REDACTED = [
  'authorization',
  '*.authorization',
  'headers.authorization',
  '*.pin',
  'pin',
  'secret',
  '*.secret',
];

/** `level` is a pino level or `silent`. Lines go to stderr, so that stdout stays what a command prints. */
export function createLog(options: {
  readonly level: string;
  readonly name?: string;
  readonly file?: string;
}): Log {
  const destination = options.file
    ? pino.destination({ dest: options.file, mkdir: true, sync: false })
    : pino.destination({ dest: 2, sync: true });
  return pino(
    {
      name: options.name ?? 'kopek',
      level: options.level,
      base: null,
      redact: { paths: REDACTED, censor: '[redacted]' },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: pino.stdSerializers.err, error: pino.stdSerializers.err },
    },
    destination,
  );
}

/** Says nothing. For tests of parts whose log nobody reads. */
export function silentLog(): Log {
  return pino({ level: 'silent' });
}
