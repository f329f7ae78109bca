import { type Static, type TSchema, Type } from 'typebox';
import { Compile } from 'typebox/compile';
import type { FieldFault } from '#errors';
import { fail } from './errors.ts';

/** What every gateway may be told; the names are those of the API. */
export const commonSettings = {
  base_url: Type.Optional(
    Type.String({
      ...{ pattern: '^https?://[^\\s?#@]+$', maxLength: 200 },
      description: "Another address than the gateway's own: another region, a proxy, a simulator.",
    }),
  ),
  timeout_ms: Type.Optional(
    Type.Integer({
      ...{ minimum: 100, maximum: 300_000, default: 30_000 },
      description:
        'How long an answer is waited for, in milliseconds. Later the outcome is unknown, and asked about.',
    }),
  ),
  connections: Type.Optional(
    Type.Integer({
      ...{ minimum: 1, maximum: 512, default: 24 },
      description: 'The most requests at once.',
    }),
  ),
  settle_ms: Type.Optional(
    Type.Integer({
      ...{ minimum: 0, maximum: 86_400_000, default: 300_000 },
      description:
        'How long after an outcome became unknown "not found" may still mean "on its way", in milliseconds.',
    }),
  ),
  plain_http: Type.Optional(
    Type.Boolean({
      description:
        'Allows an address without TLS beyond this machine: credentials travel in the open.',
    }),
  ),
} as const;

export const SecretText = Type.String({ minLength: 1, maxLength: 500 });

interface CommonSettings {
  readonly base_url?: string;
  readonly timeout_ms?: number;
  readonly connections?: number;
  readonly settle_ms?: number;
  readonly plain_http?: boolean;
}

const TIMEOUT_MS = 30_000;
/** CloudPayments takes 30 at once of a live site. */
const CONNECTIONS = 24;
/** As long as the slowest of them may take to answer. */
const SETTLE_MS = 300_000;
/** From the statement that begins a payment to the one that records it, beside the call itself. */
const LEASE_MARGIN_MS = 15_000;

/** The limits of the talk: what was told, or what is usual. Throws `gateway_settings_invalid` without TLS. */
export function limitsOf(settings: CommonSettings, ownUrl: string) {
  const baseUrl = settings.base_url ?? ownUrl;
  if (!settings.plain_http) requireTls(baseUrl);
  const timeoutMs = settings.timeout_ms ?? TIMEOUT_MS;
  return {
    ...{ baseUrl, timeoutMs, connections: settings.connections ?? CONNECTIONS },
    settleMs: settings.settle_ms ?? SETTLE_MS,
    longestMs: (calls: number) => calls * timeoutMs + LEASE_MARGIN_MS,
  };
}

/** Reads settings or secrets. Throws `gateway_settings_invalid`, naming each field and never what stood there. */
export function createReader<Schema extends TSchema>(schema: Schema, part: string) {
  const validator = Compile(schema);
  return (value: unknown): Static<Schema> => {
    if (validator.Check(value)) return value as Static<Schema>;
    const faults = [...validator.Errors(value)].slice(0, 20).map((error) => ({
      field: part + error.instancePath.replaceAll('/', '.'),
      message: error.message,
    }));
    throw settingsInvalid(faults);
  };
}

/** A key that moves money must not travel in the open. */
function requireTls(baseUrl: string): void {
  const { hostname, protocol } = new URL(baseUrl);
  const here = ['localhost', '127.0.0.1', '[::1]'].includes(hostname);
  if (protocol === 'https:' || here) return;
  throw settingsInvalid([
    {
      field: 'settings.base_url',
      message: 'begins with https://, or plain_http allows it to travel in the open',
    },
  ]);
}

export function settingsInvalid(faults: readonly FieldFault[]) {
  const [first] = faults;
  return fail(
    'gateway_settings_invalid',
    `The gateway can't be used as it is set: ${first?.field ?? 'settings'} ${first?.message ?? ''}.`,
    { faults },
  );
}
