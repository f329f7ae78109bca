import type { Sealer } from '#auth';
import { type StoredSecret, secretOwner } from './endpoint.ts';
import { fail } from './errors.ts';
import { makeSecret } from './signature.ts';

/** A signature for each goes along with every delivery: a header has its limits. */
const SECRETS_MAX = 5;
/** Opening one costs as much as a signature; those in use are kept open, and no more than these. */
const OPENED_MAX = 10_000;

export interface MadeSecret {
  /** Given to its owner now and never again. */
  readonly text: string;
  readonly stored: StoredSecret;
}

export function sealNewSecret(sealer: Sealer, endpointId: bigint): MadeSecret {
  const text = makeSecret();
  return { text, stored: { sealed: sealer.seal(text, secretOwner(endpointId)), until: null } };
}

/** The new one first; the one before goes on signing until `formerUntil`, and those that have ended leave. */
export function rotateSecrets(
  secrets: readonly StoredSecret[],
  added: StoredSecret,
  { now, formerUntil }: { readonly now: Date; readonly formerUntil: Date },
): readonly StoredSecret[] {
  const former = aliveSecrets(secrets, now)
    .map((one) => ({ ...one, until: one.until ?? formerUntil.toISOString() }))
    .filter((one) => Date.parse(one.until) > now.getTime());
  if (former.length >= SECRETS_MAX) {
    throw fail(
      'webhook_secrets_too_many',
      `${SECRETS_MAX} former secrets still sign. Wait until one ends, or let them end at once with overlap_hours 0.`,
    );
  }
  return [added, ...former];
}

export function aliveSecrets(secrets: readonly StoredSecret[], now: Date): readonly StoredSecret[] {
  return secrets.filter(({ until }) => until === null || Date.parse(until) > now.getTime());
}

/** Opens the secrets of an endpoint that sign now. Throws what the sealer throws. */
export function createSecretReader(sealer: Sealer) {
  const opened = new Map<string, string>();
  return (endpointId: bigint, secrets: readonly StoredSecret[], now: Date): readonly string[] =>
    aliveSecrets(secrets, now).map(({ sealed }) => {
      const known = opened.get(sealed);
      if (known !== undefined) return known;
      const text = sealer.open(sealed, secretOwner(endpointId));
      if (opened.size >= OPENED_MAX) opened.clear();
      opened.set(sealed, text);
      return text;
    });
}
