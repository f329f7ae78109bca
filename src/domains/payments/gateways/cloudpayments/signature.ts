import type { GatewayNotification } from '#payments/card-gateway';
import { forged, headerOf, hmacBase64, sameText } from '#payments/card-talk';

export type Proof = 'raw' | 'decoded';

/**
 * Two headers, each by the API secret: `Content-HMAC` over the body (of a GET the query) as it was sent, `X-Content-HMAC`
 * over the same with its URL encoding undone. Either proves it; each is held against its own computation only, and both are
 * computed, so that the time tells nothing. Throws `notification_forged`.
 *
 * The second is the weaker: undone, a value with `&` in it looks like two fields. `decoded` says that it alone held.
 */
export function verifySignature(notification: GatewayNotification, secret: string): Proof {
  const { body, method, query } = notification;
  const message = method === 'GET' ? Buffer.from(query) : body;
  const raw = holds(headerOf(notification, 'content-hmac'), message, secret);
  const decoded = holds(
    headerOf(notification, 'x-content-hmac'),
    undo(notification, message),
    secret,
  );
  if (raw) return 'raw';
  if (decoded) return 'decoded';
  throw forged(
    'CloudPayments',
    'Check the API secret in the settings of the gateway, and that nothing on the way rewrites the body.',
  );
}

function holds(given: string | undefined, message: Buffer | string, secret: string): boolean {
  return sameText(given ?? '', hmacBase64(message, secret)) && given !== undefined;
}

function undo(notification: GatewayNotification, message: Buffer): Buffer | string {
  const type = headerOf(notification, 'content-type') ?? '';
  if (notification.method !== 'GET' && type.includes('json')) return message;
  return decodeUrl(message.toString('utf8'));
}

/** `+` is a blank. What is encoded wrongly stays as it is. */
export function decodeUrl(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return text;
  }
}
