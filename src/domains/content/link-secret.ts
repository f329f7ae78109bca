import { hash, randomBytes } from 'node:crypto';

/** 160 bits: nobody guesses a link, however many there are. */
const SECRET_BYTES = 20;
const SECRET = /^[A-Za-z0-9_-]{27}$/;

/** The secret in a link, or in the cookie of the browser that opened it. Only its hash is stored. */
export function newSecret(): string {
  return randomBytes(SECRET_BYTES).toString('base64url');
}

export function isSecret(text: string): boolean {
  return SECRET.test(text);
}

// So much chance is in a secret that a plain fast hash hides it as well as a slow one.
export function hashOf(secret: string): Buffer {
  return hash('sha256', secret, 'buffer');
}
