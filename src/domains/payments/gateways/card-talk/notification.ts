import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { isList, type Json, readJson } from '#json';
import type { GatewayNotification } from '#payments/card-gateway';
import { fail } from './errors.ts';

/** What gateways send is a few kilobytes; free data of a merchant makes it more. */
const NOTIFICATION_BYTES_MAX = 131_072;

/** Compares in a time that tells nothing, also of lengths. */
export function sameText(given: string, expected: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
}

export function hmacBase64(message: Buffer | string, secret: string): string {
  return createHmac('sha256', secret).update(message).digest('base64');
}

export function forged(name: string, cure: string): Error {
  return fail('notification_forged', `This notification does not come from ${name}. ${cure}`);
}

export function unreadable(what: string): Error {
  return fail('notification_unreadable', `This notification can't be read: ${what}.`);
}

/** Throws `notification_too_large` before anything is computed over it. */
export function requireSize({ body, query }: GatewayNotification): void {
  if (body.length <= NOTIFICATION_BYTES_MAX && query.length <= NOTIFICATION_BYTES_MAX) return;
  throw fail(
    'notification_too_large',
    `This notification is larger than ${NOTIFICATION_BYTES_MAX} bytes.`,
  );
}

export function headerOf({ headers }: GatewayNotification, name: string): string | undefined {
  for (const [given, value] of Object.entries(headers)) {
    if (given.toLowerCase() === name) return value;
  }
  return undefined;
}

export function jsonOf({ body }: GatewayNotification): Json {
  const json = readJson(body.toString('utf8'));
  if (typeof json !== 'object' || json === null || isList(json)) {
    throw unreadable('its body is no JSON object');
  }
  return json;
}

/** The fields of a notification: of the query where it is a GET, of the body as JSON or as a form otherwise. */
export function fieldsOf(notification: GatewayNotification): Json {
  if (notification.method === 'GET') return formFields(notification.query);
  const type = headerOf(notification, 'content-type') ?? '';
  const text = notification.body.toString('utf8');
  return type.includes('json') || /^\s*\{/.test(text) ? jsonOf(notification) : formFields(text);
}

function formFields(text: string): Json {
  return Object.fromEntries(new URLSearchParams(text));
}
