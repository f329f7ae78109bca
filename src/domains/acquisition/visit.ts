import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto';
import { readToken, signToken } from '#auth';
import type { Locale } from '#subscriptions/speech';
import { fail } from './errors.ts';

/** One person's way through a campaign's pages. It lives in the signed token of the form, nowhere else. */
export interface Visit {
  /** `hit_…`; one visit gives at most one consent. */
  readonly hit: string;
  /** The campaign's link. */
  readonly campaign: string;
  readonly termsVersion: number;
  /** Hash of all that the page said: a consent is to this and to nothing else. */
  readonly fingerprint: string;
  /** In which language it was shown, and goes on. */
  readonly locale: Locale;
  readonly source: 'operator_header' | 'query' | 'none';
  readonly msisdn?: string;
  readonly affSub?: string;
  readonly affPub?: string;
  readonly shownAtMs: number;
}

/** A visit whose number has been typed, and to which a PIN has gone. */
export interface PinVisit extends Visit {
  readonly msisdn: string;
  readonly pinSentAtMs: number;
}

/** `landing` asks for a number, `confirm` for a known number's word, `pin` for the PIN. */
export type Step = 'landing' | 'confirm' | 'pin';

/** A form older than this is shown anew: prices change, and people put their phones down. */
export const FORM_LIFETIME_MS = 60 * 60_000;

export interface Sealing {
  readonly secret: string;
  readonly now: Date;
}

/** A token of one step is invalid at another: nobody gets past the PIN with the form before it. */
export function signVisit(visit: Visit, step: Step, { secret, now }: Sealing): string {
  const { msisdn } = visit;
  const hidden = msisdn === undefined ? visit : { ...visit, msisdn: sealNumber(msisdn, secret) };
  return signToken(hidden, { secret, purpose: `visit-${step}`, now });
}

/** Throws `token_invalid`, `token_expired`, or `form_of_another_page` when it is of another campaign. */
export function readVisit<Of extends Visit>(
  form: { readonly token: string; readonly link: string },
  step: Step,
  { secret, now }: Sealing,
): Of {
  const visit = readToken<Of>(form.token, {
    ...{ secret, now, purpose: `visit-${step}`, maxAgeMs: FORM_LIFETIME_MS },
  });
  if (visit.campaign !== form.link) {
    throw fail('form_of_another_page', 'This form belongs to another page. Open the page again.');
  }
  const { msisdn } = visit;
  return msisdn === undefined ? visit : { ...visit, msisdn: openNumber(msisdn, secret) };
}

const CIPHER = 'aes-256-gcm';
const NONCE_BYTES = 12; // as NIST SP 800-38D recommends for GCM
const TAG_BYTES = 16;

/**
 * Hides a number in a form. The operator's header names whose connection it is, and others may share that
 * (a phone as a hotspot): the page shows them a masked number, so its source must not tell the whole one.
 */
function sealNumber(msisdn: string, secret: string): string {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, keyOf(secret), nonce);
  const sealed = [nonce, cipher.update(msisdn), cipher.final(), cipher.getAuthTag()];
  return Buffer.concat(sealed).toString('base64url');
}

/** Takes what `sealNumber` gave with the same secret; anything else throws. */
function openNumber(sealed: string, secret: string): string {
  const bytes = Buffer.from(sealed, 'base64url');
  const decipher = createDecipheriv(CIPHER, keyOf(secret), bytes.subarray(0, NONCE_BYTES));
  decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
  const text = decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES));
  return Buffer.concat([text, decipher.final()]).toString();
}

let known: { readonly secret: string; readonly key: Buffer } | undefined;

/** A key of its own. The last one is kept: a process has one secret. */
function keyOf(secret: string): Buffer {
  if (known?.secret !== secret) {
    const key = createHmac('sha256', secret).update('visit-number').digest();
    known = { secret, key };
  }
  return known.key;
}
