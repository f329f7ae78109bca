import { createHash, createHmac } from 'node:crypto';
import type { ProviderCallback } from '#sms/provider';
import { formOf, headerOf, queryOf, sameText } from './verify.ts';

/**
 * X-Twilio-Signature: HMAC-SHA1, by the token of the account, over the URL as Twilio was given it, followed by each field
 * of the form with its value, in the order of names; a field that comes more than once has its values once each, sorted. Of
 * a JSON body the URL carries the digest. Some ways to us add or drop the default port: the URL is tried with and without.
 */
export function isSignedByTwilio(callback: ProviderCallback, token: string): boolean {
  const given = headerOf(callback, 'x-twilio-signature');
  if (given === undefined) return false;
  const digest = queryOf(callback).get('bodySHA256');
  if (digest !== null && !sameText(digest.toLowerCase(), sha256(callback.body))) return false;
  const fields =
    digest === null && callback.method !== 'GET' ? formOf(callback) : new URLSearchParams();
  const words = [...new Set(fields.keys())]
    .sort()
    .flatMap((name) => [...new Set(fields.getAll(name))].sort().map((value) => name + value))
    .join('');
  // All of them are tried, so that the time tells nothing.
  return urlsOf(callback.url)
    .map((url) => sameText(given, sign(url + words, token)))
    .includes(true);
}

function sign(words: string, token: string): string {
  return createHmac('sha1', token).update(words, 'utf8').digest('base64');
}

function sha256(body: Buffer): string {
  return createHash('sha256').update(body).digest('hex');
}

const WITH_PORT = /^(https?:\/\/[^/?#]+?):\d+(?=[/?#]|$)/;
const AUTHORITY = /^(https?):\/\/([^/?#]+)/;

function urlsOf(url: string): readonly string[] {
  const bare = url.replace(WITH_PORT, '$1');
  const port = bare.startsWith('https:') ? 443 : 80;
  return [...new Set([url, bare, bare.replace(AUTHORITY, `$1://$2:${port}`)])];
}
