import { createHmac } from 'node:crypto';

/** `Stripe-Signature` of a body, with each secret that is valid: two while one is being replaced. */
export function signatureOf(body: string, secrets: readonly string[], atSeconds: number): string {
  const signed = `${atSeconds}.${body}`;
  const parts = secrets.map(
    (secret) => `v1=${createHmac('sha256', secret).update(signed).digest('hex')}`,
  );
  return [`t=${atSeconds}`, ...parts].join(',');
}
