import { createHmac, hash, timingSafeEqual } from 'node:crypto';
import type { ProviderCallback } from '#sms/provider';
import { type Json, readJson } from './answer.ts';
import { fail } from './errors.ts';

/** Compares in a time that tells nothing, also of lengths. */
export function sameText(given: string, expected: string): boolean {
  const digest = (text: string) => hash('sha256', text, 'buffer');
  return timingSafeEqual(digest(given), digest(expected));
}

export function forged(name: string): Error {
  return fail(
    'callback_forged',
    `This callback is not signed as ${name} signs. Check the secret in the provider's settings and the public URL.`,
  );
}

export function unreadable(what: string): Error {
  return fail('callback_unreadable', `This callback can't be read: ${what}.`);
}

export function headerOf(callback: ProviderCallback, name: string): string | undefined {
  const wanted = name.toLowerCase();
  for (const [given, value] of Object.entries(callback.headers)) {
    if (given.toLowerCase() === wanted) return value;
  }
  return undefined;
}

export function queryOf(callback: ProviderCallback): URLSearchParams {
  try {
    return new URL(callback.url).searchParams;
  } catch {
    throw unreadable('its URL is none');
  }
}

export function formOf(callback: ProviderCallback): URLSearchParams {
  return new URLSearchParams(callback.body.toString('utf8'));
}

/** The body, as JSON or as a form, whichever it is. */
export function fieldsOf(callback: ProviderCallback): Json {
  const type = headerOf(callback, 'content-type') ?? '';
  const text = callback.body.toString('utf8');
  if (type.includes('json') || /^\s*[[{]/.test(text)) {
    const json = readJson(text);
    if (typeof json !== 'object' || json === null) throw unreadable('its body is no JSON');
    return json;
  }
  return Object.fromEntries(new URLSearchParams(text));
}

const SEAL_LETTERS = 22;

function sealOf(sms: string, secret: string): string {
  return createHmac('sha256', secret)
    .update(`sms-callback\0${sms}`)
    .digest('base64url')
    .slice(0, SEAL_LETTERS);
}

/**
 * For providers that sign nothing but take a URL with each message: a URL that only we can have made, good for that
 * message alone.
 */
export function sealedUrl(callbackUrl: string, sms: string, secret: string): string {
  const url = new URL(callbackUrl);
  url.searchParams.set('sms', sms);
  url.searchParams.set('seal', sealOf(sms, secret));
  return url.href;
}

/** Which message a sealed URL is for; undefined where the seal is not ours. */
export function openSeal(callback: ProviderCallback, secret: string): string | undefined {
  const query = queryOf(callback);
  const sms = query.get('sms') ?? '';
  const seal = query.get('seal') ?? '';
  return sms !== '' && sameText(seal, sealOf(sms, secret)) ? sms : undefined;
}
