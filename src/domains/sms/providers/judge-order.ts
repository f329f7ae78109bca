import type { SmsCapabilities, SmsOrder } from '#sms/provider';
import { type NotSent, notSent } from './faults.ts';

export interface OrderLimits {
  readonly now: Date;
  /** How long a request may be on its way: what it says of a span begins to count only when it arrives. */
  readonly timeoutMs: number;
  readonly validity: SmsCapabilities['validity'];
  readonly validityMax: number | undefined;
  readonly lettersMax: number;
}

const UNIT_MS = { second: 1000, minute: 60_000, hour: 3_600_000 } as const;

/**
 * What can be said of an order before anybody is called. `validFor` is in whole units of the provider's, rounded down
 * and less what the request may take: the handset must never get it after `validUntil`. An order with less than one unit
 * left is not for this provider.
 */
export function judgeOrder(
  order: SmsOrder,
  limits: OrderLimits,
): NotSent | { readonly outcome: 'fits'; readonly validFor: number } {
  const { body } = order;
  if (body === '') return notSent('message', 'text_empty');
  if (!body.isWellFormed()) return notSent('message', 'text_malformed');
  if (body.length > limits.lettersMax) return notSent('message', 'text_too_long');
  const leftMs = order.validUntil.getTime() - limits.now.getTime();
  if (leftMs <= 0) return notSent('message', 'too_late');
  if (limits.validity === 'none') return { outcome: 'fits', validFor: 0 };
  const units = Math.floor((leftMs - limits.timeoutMs) / UNIT_MS[limits.validity]);
  if (units < 1) return notSent('message', 'validity_too_short');
  return { outcome: 'fits', validFor: Math.min(units, limits.validityMax ?? units) };
}
