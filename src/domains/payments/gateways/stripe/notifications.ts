import type Stripe from 'stripe';
import type { Clock } from '#clock';
import { must } from '#errors';
import { at, type Json, textAt } from '#json';
import type {
  Dispute,
  GatewayNews,
  GatewayNotification,
  NotificationReading,
  Reply,
} from '#payments/card-gateway';
import { forged, headerOf, jsonOf, requireSize, unreadable } from '#payments/card-talk';
import { fromStripe } from './amounts.ts';
import { factsOf, idAt, readIntent, readRefund } from './outcomes.ts';

/** Later than this a webhook is a replay. In seconds, as their own libraries have it. */
const TOLERANCE_S = 300;

export interface WebhookOptions {
  readonly stripe: Stripe;
  readonly secrets: readonly string[];
  readonly clock: Clock;
}

/** The signature is checked by their own client, over the bytes as they came. Throws `notification_forged`. */
export function readNotification(
  notification: GatewayNotification,
  options: WebhookOptions,
): NotificationReading {
  requireSize(notification);
  verify(notification, options);
  const event = jsonOf(notification);
  const [id, type, object] = [
    textAt(event, 'id'),
    textAt(event, 'type'),
    at(event, 'data', 'object'),
  ];
  if (id === undefined || type === undefined) throw unreadable('it names no event');
  return { dedupeKey: `${type}:${id}`, news: readNews(type, object), isHint: false };
}

function verify(notification: GatewayNotification, { clock, secrets, stripe }: WebhookOptions) {
  const header = headerOf(notification, 'stripe-signature') ?? '';
  const receivedAt = clock.now().getTime();
  const { signature } = stripe.webhooks;
  must(signature, 'the client brings its check of signatures');
  // All of them are tried, so that the time tells nothing. It throws for whatever is wrong with header or body.
  const holds = secrets.map((secret) => {
    try {
      return signature.verifyHeader(
        ...([notification.body, header, secret, TOLERANCE_S, undefined, receivedAt] as const),
      );
    } catch {
      return false;
    }
  });
  if (holds.includes(true)) return;
  throw forged(
    'Stripe',
    `Check the secret of the endpoint, that nothing on the way rewrites the body, and the clock: a signature is good for ${TOLERANCE_S} seconds.`,
  );
}

/** What Kopek has no use for is read as no news. */
function readNews(type: string, object: Json | undefined): readonly GatewayNews[] {
  if (type.startsWith('payment_intent.')) return readIntentNews(type, object);
  if (type.startsWith('refund.') || type === 'charge.refund.updated') return readRefundNews(object);
  if (type === 'radar.early_fraud_warning.created')
    return [readWarning(object, textAt(object, 'fraud_type'))];
  return type.startsWith('charge.dispute.') ? readDisputeNews(type, object) : [];
}

function readIntentNews(type: string, object: Json | undefined): readonly GatewayNews[] {
  const transaction = textAt(object, 'id');
  if (transaction === undefined) throw unreadable('it names no PaymentIntent');
  // A page was opened: nobody has paid, and nobody was refused.
  if (type === 'payment_intent.created') return [];
  const payment = textAt(object, 'metadata', 'payment');
  const named = payment === undefined ? {} : { payment };
  const outcome = readIntent(object);
  if (outcome.outcome === 'voided') return [{ news: 'voided', transaction, ...named }];
  return outcome.outcome === 'not_found' ? [] : [{ news: 'payment', outcome, ...named }];
}

function readRefundNews(object: Json | undefined): readonly GatewayNews[] {
  const facts = factsOf(object, 'amount');
  const ofTransaction = idAt(object, 'payment_intent');
  if (!facts || ofTransaction === undefined) throw unreadable('it names no payment or no amount');
  const { outcome } = readRefund(object);
  const state = outcome === 'accepted' || outcome === 'declined' ? outcome : 'pending';
  const of = textAt(object, 'metadata', 'of');
  const more = of === undefined ? {} : { of };
  return [{ news: 'refund', facts, state, ofTransaction, ...more }];
}

function readDisputeNews(type: string, object: Json | undefined): readonly GatewayNews[] {
  // Of withdrawn and reinstated funds the closing tells the end.
  if (!DISPUTE_EVENTS.has(type)) return [];
  if (isInquiry(object)) {
    const warning = () => readWarning(object, `inquiry_${textAt(object, 'reason') ?? 'general'}`);
    return type === 'charge.dispute.created' ? [warning()] : [];
  }
  const dispute = toDispute(object);
  if (!dispute) throw unreadable('it names no payment or no amount');
  return [{ news: 'dispute', dispute }];
}

/** `updated` tells that an inquiry has become a dispute; of one that is known already it says nothing new. */
const DISPUTE_EVENTS: ReadonlySet<string> = new Set([
  ...['charge.dispute.created', 'charge.dispute.updated', 'charge.dispute.closed'],
]);

/** The bank only asks: no money has moved, and it may never be disputed. */
function isInquiry(object: Json | undefined): boolean {
  return textAt(object, 'status')?.startsWith('warning_') ?? false;
}

/** Their early fraud warnings and inquiries are of a charge, and name its PaymentIntent. */
function readWarning(object: Json | undefined, reason: string | undefined): GatewayNews {
  const [id, transaction] = [textAt(object, 'id'), idAt(object, 'payment_intent')];
  const when = instantOf(object);
  if (id === undefined || transaction === undefined || !when)
    throw unreadable('it names no payment or no moment');
  const more = reason === undefined ? {} : { reason };
  return { news: 'warning', warning: { id, transaction, at: when, ...more } };
}

/** When an object of theirs was made. */
function instantOf(object: Json | undefined): Date | undefined {
  const seconds = Number(textAt(object, 'created'));
  return seconds > 0 && seconds < 1e11 ? new Date(seconds * 1000) : undefined;
}

const KINDS: Readonly<Record<string, Dispute['kind']>> = {
  ...{ won: 'won', lost: 'lost', prevented: 'won' },
};

/** Undefined where it is only an inquiry, or names no payment, amount or moment. */
export function toDispute(object: Json | undefined): Dispute | undefined {
  if (isInquiry(object)) return undefined;
  const [id, transaction] = [textAt(object, 'id'), idAt(object, 'payment_intent')];
  const currency = (textAt(object, 'currency') ?? '').toUpperCase();
  const amountMinor = fromStripe(textAt(object, 'amount'), currency);
  const when = instantOf(object);
  if (id === undefined || transaction === undefined || amountMinor === undefined) return undefined;
  if (!when) return undefined;
  const status = textAt(object, 'status') ?? '';
  const reason = textAt(object, 'reason');
  return {
    ...{ id, transaction, amountMinor, currency, at: when },
    kind: Object.hasOwn(KINDS, status) ? (KINDS[status] ?? 'opened') : 'opened',
    ...(reason === undefined ? {} : { reason }),
  };
}

/** Anything but a 2xx is sent again for three days. */
export function acknowledgement(): Reply {
  return { status: 200, contentType: 'application/json', body: '{"received":true}' };
}
