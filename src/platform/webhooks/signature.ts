import {
  createHmac,
  createSecretKey,
  type KeyObject,
  randomBytes,
  timingSafeEqual,
} from 'node:crypto';

/** Standard Webhooks 1.0: 24 to 64 bytes. */
const SECRET_BYTES = 32;
const SECRET_PREFIX = 'whsec_';
const VERSION = 'v1';
/** How far the clock of a receiver may be from ours. */
const TOLERANCE_SECONDS = 300;

/** What is signed: the id of the event, the second of the attempt, the body as it is sent. */
export interface SignedContent {
  readonly id: string;
  readonly timestamp: number;
  readonly body: string;
}

export function makeSecret(): string {
  return SECRET_PREFIX + randomBytes(SECRET_BYTES).toString('base64');
}

/** The header `webhook-signature`: a signature by each secret, the newest first, with spaces between. */
export function signContent(content: SignedContent, secrets: readonly string[]): string {
  return secrets
    .map((secret) => `${VERSION},${macOf(content, secret).toString('base64')}`)
    .join(' ');
}

/** What a receiver does: true when the body came from whoever has the secret, and not long ago. */
export function verifySignature(
  content: SignedContent,
  options: { readonly signature: string; readonly secret: string; readonly nowSeconds: number },
): boolean {
  const age = Math.abs(options.nowSeconds - content.timestamp);
  if (!(age <= TOLERANCE_SECONDS)) return false;
  const expected = macOf(content, options.secret);
  return options.signature.split(' ').some((one) => {
    const [version, text = ''] = one.split(',');
    const given = Buffer.from(text, 'base64');
    return (
      version === VERSION && given.length === expected.length && timingSafeEqual(given, expected)
    );
  });
}

function macOf({ id, timestamp, body }: SignedContent, secret: string): Buffer {
  return createHmac('sha256', keyOf(secret)).update(`${id}.${timestamp}.${body}`).digest();
}

const keys = new Map<string, KeyObject>();
/** Beyond it the oldest is made again when it is needed. */
const KEYS_MAX = 1000;

/** To make a key of bytes takes longer than to sign with it. */
function keyOf(secret: string): KeyObject {
  const known = keys.get(secret);
  if (known) return known;
  const made = createSecretKey(Buffer.from(secret.slice(SECRET_PREFIX.length), 'base64'));
  const [oldest] = keys.size < KEYS_MAX ? [] : keys.keys();
  if (oldest !== undefined) keys.delete(oldest);
  keys.set(secret, made);
  return made;
}
