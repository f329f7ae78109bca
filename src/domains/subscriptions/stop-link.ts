import { createHmac, timingSafeEqual } from 'node:crypto';
import { fail } from './errors.ts';
import { parseSubscriptionId } from './subscription.ts';

const PREFIX = 'sub_';
const SEPARATOR = '-';
/** 84 bits: nobody guesses one, and the whole link still fits into an SMS beside its text. */
const SEAL_LETTERS = 14;

/**
 * The last part of a link that ends one subscription: its id and a seal over it. It never grows old, since the link
 * in an SMS of last year must still end what it began.
 */
export function writeStopToken(subscription: string, secret: string): string {
  return `${subscription.slice(PREFIX.length)}${SEPARATOR}${sealOf(subscription, secret)}`;
}

/** The subscription that a token is for; throws `stop_link_invalid` for any that we did not make. */
export function readStopToken(token: string, secret: string): string {
  const at = token.indexOf(SEPARATOR);
  const subscription = `${PREFIX}${token.slice(0, Math.max(0, at))}`;
  const given = Buffer.from(token.slice(at + 1));
  const wanted = Buffer.from(sealOf(subscription, secret));
  if (at < 1 || given.length !== wanted.length || !timingSafeEqual(given, wanted)) {
    throw fail(
      'stop_link_invalid',
      'This link is not whole. Open it again from the SMS, or send STOP.',
    );
  }
  parseSubscriptionId(subscription);
  return subscription;
}

function sealOf(subscription: string, secret: string): string {
  const seal = createHmac('sha256', secret).update(`stop-link:${subscription}`).digest('base64url');
  return seal.slice(0, SEAL_LETTERS);
}
