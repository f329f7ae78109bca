import { type AddressMatcher, createAddressMatcher } from '#http';
import type { Json } from '#json';
import { at, textAt } from '#json';
import type {
  GatewayNews,
  GatewayNotification,
  NotificationReading,
  Reply,
} from '#payments/card-gateway';
import { forged, jsonOf, requireSize, unreadable } from '#payments/card-talk';
import { factsOf, readPayment } from './outcomes.ts';
import type { YooKassaAccount } from './settings.ts';

/** Of their page on notifications. */
export const ownAddresses: readonly string[] = [
  ...['185.71.76.0/27', '185.71.77.0/27', '77.75.153.0/25', '77.75.156.11', '77.75.156.35'],
  ...['77.75.154.128/25', '2a02:5180::/32'],
];
const LOOPBACK = ['127.0.0.0/8', '::1'];

export function matcherOf({ settings }: YooKassaAccount): AddressMatcher {
  const given = settings.notification_addresses ?? ownAddresses;
  return createAddressMatcher(
    settings.notifications_from_loopback ? [...given, ...LOOPBACK] : given,
  );
}

/**
 * They sign nothing: an address can be all that speaks for a notification, and what it says is asked at the source before it
 * counts.
 */
export function readNotification(
  notification: GatewayNotification,
  isTheirs: AddressMatcher,
): NotificationReading {
  requireSize(notification);
  if (!isTheirs(notification.ip)) {
    throw forged(
      'YooKassa',
      'Its address is none of theirs: check the setting notification_addresses, and that the proxy tells where it comes from.',
    );
  }
  const json = jsonOf(notification);
  const [event, object] = [textAt(json, 'event'), at(json, 'object')];
  const id = textAt(object, 'id');
  if (event === undefined || id === undefined) throw unreadable('it names no event or no object');
  const status = textAt(object, 'status') ?? '';
  // A forged one that came first must not be taken for a repetition of the one that is true.
  const about = textAt(object, 'metadata', 'payment') ?? textAt(object, 'payment_id') ?? '';
  const news = event.startsWith('refund.')
    ? readRefundNews(object)
    : readPaymentNews(event, object);
  return { dedupeKey: [event, id, status, about].join(':'), news, isHint: true };
}

function readPaymentNews(event: string, object: Json | undefined): readonly GatewayNews[] {
  if (!event.startsWith('payment.')) return [];
  const outcome = readPayment(object);
  const payment = textAt(object, 'metadata', 'payment');
  const named = payment === undefined ? {} : { payment };
  const transaction = textAt(object, 'id') ?? '';
  if (outcome.outcome === 'voided') return [{ news: 'voided', transaction, ...named }];
  if (outcome.outcome === 'not_found') return [];
  return [{ news: 'payment', outcome, ...named }];
}

function readRefundNews(object: Json | undefined): readonly GatewayNews[] {
  const facts = factsOf(object, 'refund');
  const ofTransaction = textAt(object, 'payment_id');
  if (!facts || ofTransaction === undefined) throw unreadable('it names no payment or no amount');
  const status = textAt(object, 'status');
  const state =
    status === 'succeeded' ? 'accepted' : status === 'canceled' ? 'declined' : 'pending';
  return [{ news: 'refund', facts, state, ofTransaction }];
}

/** Anything but 200 is sent again for a day. */
export function acknowledgement(): Reply {
  return { status: 200, contentType: 'text/plain', body: '' };
}
