import { hash } from 'node:crypto';
import type { Database } from '#database';
import { findPrincipal, type Principal } from './api-key.ts';
import { fail } from './errors.ts';

/** Reads `Authorization` headers. */
export interface Keyring {
  /**
   * The holder of the key in `Bearer kpk_…`. Throws `key_missing` or `key_unknown`. What the database said
   * is believed for two seconds, so a revoked key works that long, and a busy key costs nothing.
   */
  authenticate(authorizationHeader: string | undefined): Promise<Principal>;
}

interface Remembered {
  readonly answer: Promise<Principal | undefined>;
  readonly untilMs: number;
}

const REMEMBER_MS = 2000;
/** Unknown keys are remembered too, so that guessing costs the database little; hence the bound. */
const REMEMBERED_MAX = 2000;
const BEARER = /^Bearer +(kpk_[0-9A-Za-z]{32}) *$/i;

export function createKeyring(options: { readonly database: Database }): Keyring {
  const remembered = new Map<string, Remembered>();

  function ask(text: string): Promise<Principal | undefined> {
    // Keys are kept by hash: a dump of the memory of this process shows none.
    const name = hash('sha256', text, 'base64');
    const nowMs = performance.now();
    const found = remembered.get(name);
    if (found && found.untilMs > nowMs) return found.answer;
    const answer = findPrincipal(options.database.pool, text);
    remembered.delete(name);
    if (remembered.size >= REMEMBERED_MAX) forgetOldest(remembered);
    remembered.set(name, { answer, untilMs: nowMs + REMEMBER_MS });
    answer.catch(() => remembered.delete(name)); // a lost connection says nothing about the key
    return answer;
  }

  return {
    async authenticate(header) {
      if (header === undefined || header === '') {
        throw fail('key_missing', 'Send an API key: `Authorization: Bearer kpk_…`.');
      }
      const text = BEARER.exec(header)?.[1];
      const principal = text === undefined ? undefined : await ask(text);
      if (!principal)
        throw fail('key_unknown', 'This API key is not known here, or it was revoked.');
      return principal;
    },
  };
}

function forgetOldest(remembered: Map<string, Remembered>): void {
  const [oldest] = remembered.keys();
  if (oldest !== undefined) remembered.delete(oldest);
}
