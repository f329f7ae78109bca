import { Type } from 'typebox';

/** What every provider over HTTP may be told; the names are those of the API. */
export const commonSettings = {
  base_url: Type.Optional(
    Type.String({
      ...{ pattern: '^https?://[^\\s?#@]+$', maxLength: 200 },
      description: "Another address than the provider's own: a reserve host, a proxy, a simulator.",
    }),
  ),
  timeout_ms: Type.Optional(
    Type.Integer({
      ...{ minimum: 100, maximum: 60_000, default: 10_000 },
      description:
        'How long an answer is waited for, in milliseconds. Later the outcome is unknown.',
    }),
  ),
  connections: Type.Optional(
    Type.Integer({
      ...{ minimum: 1, maximum: 512, default: 64 },
      description: 'The most requests at once.',
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
