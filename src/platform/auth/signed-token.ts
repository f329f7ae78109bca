import { createHmac, createSecretKey, type KeyObject, timingSafeEqual } from 'node:crypto';
import { fail } from './errors.ts';

export interface TokenSecret {
  readonly secret: string;
  /** What the token is for, such as `landing-form`: one for another purpose is invalid here. */
  readonly purpose: string;
}

/** 128 of the 256 bits: a shorter link, and still nothing that can be guessed (RFC 2104, section 5). */
const MAC_BYTES = 16;
const MAC_LETTERS = 22; // of base64url
const TOKEN_LENGTH_MAX = 4096;
const KEYS_MAX = 64;

/** `payload` must be JSON. It is signed, not hidden: whoever holds the token can read it. */
export function signToken(payload: unknown, options: TokenSecret & { readonly now: Date }): string {
  const body = Buffer.from(JSON.stringify([options.now.getTime(), payload])).toString('base64url');
  return `${body}.${macOf(body, options).toString('base64url')}`;
}

/**
 * The payload of a token that `signToken` made with the same secret and purpose, so its shape is what was
 * signed. Throws `token_invalid` or `token_expired`.
 */
export function readToken<Payload = unknown>(
  text: string,
  options: TokenSecret & { readonly now: Date; readonly maxAgeMs: number },
): Payload {
  const dot = text.length - MAC_LETTERS - 1;
  if (text.length > TOKEN_LENGTH_MAX || dot < 1 || text[dot] !== '.') throw invalid();
  const body = text.slice(0, dot);
  const given = Buffer.from(text.slice(dot + 1), 'base64url');
  if (given.length !== MAC_BYTES || !timingSafeEqual(given, macOf(body, options))) throw invalid();
  const [issuedMs, payload] = JSON.parse(Buffer.from(body, 'base64url').toString()) as [
    number,
    Payload,
  ];
  if (options.now.getTime() - issuedMs > options.maxAgeMs) {
    throw fail('token_expired', 'This link or form is too old. Open the page again.');
  }
  return payload;
}

function invalid() {
  return fail(
    'token_invalid',
    'This link or form is not one of ours, or it was changed on its way.',
  );
}

function macOf(body: string, options: TokenSecret): Buffer {
  return createHmac('sha256', keyOf(options)).update(body).digest().subarray(0, MAC_BYTES);
}

const keys = new Map<string, KeyObject>();

/** A key of its own per purpose. Kept, because deriving costs as much again as signing. */
function keyOf({ secret, purpose }: TokenSecret): KeyObject {
  const name = `${purpose}\0${secret}`;
  let key = keys.get(name);
  if (!key) {
    if (keys.size >= KEYS_MAX) keys.clear();
    key = createSecretKey(createHmac('sha256', secret).update(`signed-token\0${purpose}`).digest());
    keys.set(name, key);
  }
  return key;
}
