import { isSendable } from '#gsm';
import { absoluteTime, RELATIVE_MOST_MS, type Request, relativeTime } from '#smpp';
import type { SmsOrder, SmsOutcome } from '#sms/provider';
import { destinationAddress, sourceAddress } from './addresses.ts';
import { cutMessage } from './parts.ts';
import type { SmppSettings } from './settings.ts';
import { longestSubmissionMs } from './submission.ts';

export interface OrderSurroundings {
  readonly settings: SmppSettings;
  /** Tells this message's parts from those of others to the same handset. */
  readonly reference: number;
  readonly now: Date;
}

const HAS_HEADER = 0x40;
const PRIORITY_MOST = 3;
const SECOND_MS = 1000;

/** The submits of an order, or why there can't be any. */
export function toRequests(
  order: SmsOrder,
  { now, reference, settings }: OrderSurroundings,
): SmsOutcome | Request<'submit_sm'>[] {
  if (order.body === '') return refused('text_empty');
  if (!isSendable(order.body)) return refused('text_malformed');
  const parts = cutMessage(order.body, reference, settings);
  if (parts.length > settings.segments_max) return refused('text_too_long');
  const leftMs = order.validUntil.getTime() - now.getTime();
  const validity = validityOf(order.validUntil, settings, { leftMs, parts: parts.length });
  if (validity === undefined) return refused('validity_too_short');
  const source = sourceAddress(order.sender, settings.addresses);
  const destination = destinationAddress(order.recipient, settings.addresses);
  const common = {
    ...{ serviceType: settings.service_type, validityPeriod: validity },
    ...{ sourceTon: source.ton, sourceNpi: source.npi, source: source.address },
    ...{ destinationTon: destination.ton, destinationNpi: destination.npi },
    destination: destination.address,
    priority: Math.min(Math.max(order.priority, 0), PRIORITY_MOST),
    registeredDelivery: settings.registered_delivery,
  };
  return parts.map(({ dataCoding, hasHeader, shortMessage, tlvs }) => ({
    command: 'submit_sm',
    body: { ...common, esmClass: hasHeader ? HAS_HEADER : 0, dataCoding, shortMessage },
    ...(tlvs ? { tlvs } : {}),
  }));
}

/**
 * A relative validity begins to count when the submit arrives, so what it may wait here and be on its way is taken off:
 * no handset gets it after `validUntil`. Undefined when less than a second is left.
 */
function validityOf(
  validUntil: Date,
  settings: SmppSettings,
  { leftMs, parts }: { readonly leftMs: number; readonly parts: number },
): string | undefined {
  if (leftMs <= 0) return undefined;
  if (settings.validity === 'none') return '';
  if (settings.validity === 'absolute') return absoluteTime(validUntil);
  const onItsWayMs = longestSubmissionMs(parts, {
    ...{ responseMs: settings.response_timeout_ms, waitMs: settings.wait_timeout_ms },
  });
  const spanMs = Math.min(leftMs - onItsWayMs, RELATIVE_MOST_MS);
  return spanMs < SECOND_MS ? undefined : relativeTime(spanMs);
}

function refused(reason: string): SmsOutcome {
  return { outcome: 'not_sent', fault: 'message', reason };
}
