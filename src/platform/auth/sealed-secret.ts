import {
  createCipheriv,
  createDecipheriv,
  createSecretKey,
  hkdfSync,
  type KeyObject,
  randomFillSync,
} from 'node:crypto';
import { fail } from './errors.ts';

/**
 * Seals credentials of others, so that whoever reads the database alone has nothing. A sealed text opens only
 * with a secret that this was made with, and only as what it belongs to.
 */
export interface Sealer {
  /**
   * `belongsTo` says whose it is, down to the row and column (`endpoint/42/secret`): the text of one row, copied into
   * another, does not open there. It is not kept in the text and has to be told again.
   */
  seal(text: string, belongsTo: string): string;
  /** Throws `seal_key_unknown` or `seal_broken`. */
  open(sealed: string, belongsTo: string): string;
  /** False for a text under a former secret: it should be sealed anew while that secret is still known. */
  isCurrent(sealed: string): boolean;
}

export interface SealerOptions {
  /** The secret of the house. Keys are derived from it, each for its use: it is no key itself. */
  readonly secret: string;
  /** What the secret was before: texts of then still open. */
  readonly formerSecrets?: readonly string[];
}

interface Key {
  readonly id: string;
  readonly key: KeyObject;
}

const VERSION = 'v1';
const CIPHER = 'aes-256-gcm';
const KEY_BYTES = 32;
/** Names the key; it is derived beside the key and tells nothing of it. */
const KEY_ID_BYTES = 6;
/** NIST SP 800-38D, 8.2.2: a random nonce of 96 bits, for at most 2^32 texts under one key. */
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** Sealed texts are `v1.<id of the key>.<nonce, cipher text and tag>`, in base64url. */
export function createSealer(options: SealerOptions): Sealer {
  const current = deriveKey(options.secret);
  const known = new Map(
    (options.formerSecrets ?? []).map((secret) => deriveKey(secret)).map((key) => [key.id, key]),
  );
  known.set(current.id, current);
  return {
    seal: (text, belongsTo) => seal(current, text, belongsTo),
    open(sealed, belongsTo) {
      const { keyId, octets } = readSealed(sealed);
      const key = known.get(keyId);
      if (!key) throw keyUnknown(keyId);
      return open(key, octets, belongsTo);
    },
    isCurrent: (sealed) => readSealed(sealed).keyId === current.id,
  };
}

const REDACTED = '···';
const TAIL_LETTERS = 4;
/** A shorter one would be half told by its tail. */
const TAIL_SHOWN_FROM = 16;

/** Enough to recognise one's own credential by, too little to use it: the last four letters of a long one. */
export function redact(secret: string): string {
  return secret.length < TAIL_SHOWN_FROM ? REDACTED : REDACTED + secret.slice(-TAIL_LETTERS);
}

/** `text` (a request, an answer) without the credentials, for what is kept or logged; also as a URL spells them. */
export function redactIn(text: string, secrets: readonly string[]): string {
  let safe = text;
  // The longest first: of two that begin alike the shorter would leave the tail of the other.
  for (const secret of secrets.toSorted((left, right) => right.length - left.length)) {
    if (secret === '') continue;
    for (const spelling of new Set([
      secret,
      encodeURIComponent(secret),
      JSON.stringify(secret).slice(1, -1),
    ])) {
      safe = safe.replaceAll(spelling, REDACTED);
    }
  }
  return safe;
}

function deriveKey(secret: string): Key {
  const derive = (use: string, bytes: number) =>
    Buffer.from(hkdfSync('sha256', secret, '', `kopek sealed-secret ${use}`, bytes));
  return {
    id: derive('key id', KEY_ID_BYTES).toString('base64url'),
    // Made once: of plain bytes each cipher would make it anew.
    key: createSecretKey(derive('key', KEY_BYTES)),
  };
}

function seal({ id, key }: Key, text: string, belongsTo: string): string {
  const nonce = nextNonce();
  const cipher = createCipheriv(CIPHER, key, nonce).setAAD(associated(id, belongsTo));
  const octets = Buffer.concat([
    nonce,
    cipher.update(text, 'utf8'),
    cipher.final(),
    cipher.getAuthTag(),
  ]);
  return `${VERSION}.${id}.${octets.toString('base64url')}`;
}

const noncePool = Buffer.alloc(NONCE_BYTES * 256);
let noncesUsed = noncePool.length;

/** Each is given out once. Drawn many at a time: a draw costs much the same for one as for all. */
function nextNonce(): Buffer {
  if (noncesUsed === noncePool.length) {
    randomFillSync(noncePool);
    noncesUsed = 0;
  }
  const nonce = Buffer.from(noncePool.subarray(noncesUsed, noncesUsed + NONCE_BYTES));
  noncesUsed += NONCE_BYTES;
  return nonce;
}

function open({ id, key }: Key, octets: Buffer, belongsTo: string): string {
  const tag = octets.subarray(-TAG_BYTES);
  const nonce = octets.subarray(0, NONCE_BYTES);
  const decipher = createDecipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES })
    .setAAD(associated(id, belongsTo))
    .setAuthTag(tag);
  try {
    const text = decipher.update(octets.subarray(NONCE_BYTES, -TAG_BYTES));
    return Buffer.concat([text, decipher.final()]).toString('utf8');
  } catch (error) {
    throw broken(error);
  }
}

function associated(keyId: string, belongsTo: string): Buffer {
  return Buffer.from(`${VERSION}.${keyId}.${belongsTo}`);
}

function readSealed(sealed: string): { readonly keyId: string; readonly octets: Buffer } {
  const [version, keyId = '', body = '', ...rest] = sealed.split('.');
  const octets = Buffer.from(body, 'base64url');
  // Letters that base64url leaves out would otherwise make a second spelling of the same text.
  const isWhole = octets.length >= NONCE_BYTES + TAG_BYTES && octets.toString('base64url') === body;
  if (version !== VERSION || rest.length > 0 || !isWhole) throw broken();
  return { keyId, octets };
}

function broken(cause?: unknown) {
  return fail(
    'seal_broken',
    'A sealed credential was changed, or belongs to something else. Store it again.',
    { cause },
  );
}

function keyUnknown(keyId: string) {
  return fail(
    'seal_key_unknown',
    'A credential was sealed under another secret. Set that one as a former secret, or store the credential again.',
    { details: { keyId } },
  );
}
