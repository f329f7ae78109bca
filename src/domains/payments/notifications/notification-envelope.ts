import type { Sealer } from '#auth';
import type { GatewayNews, GatewayNotification, NotificationReading } from '#payments/card-gateway';

/** A notification as it came, with what was read of it when it was proven. */
export interface HeardNotification {
  readonly notification: GatewayNotification;
  readonly reading: NotificationReading;
}

/**
 * Kept together and sealed: gateways tell the tokens of cards. What was read is kept because proofs age (a signature is good
 * for minutes, a secret until it is changed) and news is applied when its turn comes.
 */
export function sealHeard(
  sealer: Sealer,
  { notification, reading }: HeardNotification,
  owner: string,
) {
  const { body, ...rest } = notification;
  const text = JSON.stringify({ ...rest, body: body.toString('base64'), reading: mark(reading) });
  return sealer.seal(text, ownerOf(owner));
}

export function openHeard(sealer: Sealer, sealed: string, owner: string): HeardNotification {
  const { body, reading, ...rest } = JSON.parse(sealer.open(sealed, ownerOf(owner))) as Omit<
    GatewayNotification,
    'body'
  > & { readonly body: string; readonly reading: unknown };
  return {
    notification: { ...rest, body: Buffer.from(body, 'base64') },
    reading: unmark(reading) as NotificationReading,
  };
}

const ownerOf = (gateway: string) => `payments.notification ${gateway}`;

const MINOR = '$minor';
const TIME = '$time';

/** JSON knows no bigint and no time. Only what was read of it has any: a reviver over all of it would be dear. */
function mark(value: unknown): unknown {
  if (typeof value === 'bigint') return { [MINOR]: value.toString() };
  if (value instanceof Date) return { [TIME]: value.toISOString() };
  return mapInside(value, mark);
}

function unmark(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const { [MINOR]: minor, [TIME]: time } = value as Readonly<Record<string, unknown>>;
  if (typeof minor === 'string') return BigInt(minor);
  return typeof time === 'string' ? new Date(time) : mapInside(value, unmark);
}

function mapInside(value: unknown, map: (inside: unknown) => unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(map);
  return Object.fromEntries(Object.entries(value).map(([name, inside]) => [name, map(inside)]));
}

/** Ours, where it names one: for whoever looks for what was heard of a payment. */
export function paymentNamedBy(news: readonly GatewayNews[]): string | undefined {
  for (const one of news) {
    if (one.news === 'payment' || one.news === 'voided') return one.payment;
    if (one.news === 'refund') return one.of;
  }
  return undefined;
}
