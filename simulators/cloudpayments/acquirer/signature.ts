import { createHmac } from 'node:crypto';

/**
 * Both headers of a notification: one over the bytes as they are sent, one over the same with its URL encoding undone.
 * Of a GET it is the query.
 */
export function signatureHeaders(secret: string, sent: string, isForm: boolean) {
  return {
    'content-hmac': sign(secret, sent),
    'x-content-hmac': sign(secret, isForm ? decodeForm(sent) : sent),
  } as const;
}

function sign(secret: string, text: string | Buffer): string {
  return createHmac('sha256', secret).update(text).digest('base64');
}

/** Bytes, not a text: what was encoded may be in another charset than UTF-8. */
function decodeForm(text: string): Buffer {
  const bytes = text
    .replaceAll('+', ' ')
    .replaceAll(/%([0-9A-Fa-f]{2})/g, (_all, hex: string) =>
      String.fromCharCode(Number.parseInt(hex, 16)),
    );
  return Buffer.from(bytes, 'latin1');
}
