import { hash } from 'node:crypto';
import type { Sealer } from '#auth';
import { createBatcher } from '#batch';
import type { Clock } from '#clock';
import type { Database } from '#database';
import type {
  CardGateway,
  CheckQuestion,
  CheckVerdict,
  GatewayNotification,
  Reply,
} from '#payments/card-gateway';
import type { CardGateways } from '#payments/card-gateways';
import { accountOf } from '#payments/cards';
import { fail } from '#payments/errors';
import { readPaymentId } from '#payments/payment';
import { findCardPayment } from '#payments/presented-store';
import { paymentNamedBy, sealHeard } from './notification-envelope.ts';
import { insertNotifications, type NewNotification } from './notification-store.ts';

/** Where gateways tell what happened: proven to be theirs, kept as it came, answered at once, applied later. */
export interface NotificationInbox {
  /**
   * Keeps a notification and answers what its gateway must hear. Throws `gateway_unknown`, and of kind `forbidden` or
   * `invalid` what is not its gateway's or can't be read: nothing of it is kept.
   */
  hear(gateway: string, notification: GatewayNotification): Promise<Reply>;
  /** Answers a gateway that asks before it goes on. Local data only: while it waits, a payer waits. */
  check(gateway: string, notification: GatewayNotification): Promise<Reply>;
  /** Called whenever something new lies here. Answers how to stop listening. */
  onHeard(listener: () => void): () => void;
  drain(): Promise<void>;
}

export interface NotificationInboxOptions {
  readonly database: Database;
  readonly clock: Clock;
  readonly sealer: Sealer;
  readonly cardGateways: CardGateways;
}

const NOTIFICATIONS_MOST = 200;

export function createNotificationInbox(options: NotificationInboxOptions): NotificationInbox {
  const { cardGateways, clock, database, sealer } = options;
  const listeners = new Set<() => void>();
  const batcher = createBatcher<NewNotification, void>({
    ...{ itemsMax: NOTIFICATIONS_MOST, flushesInFlight: 2 },
    async flush(notifications) {
      await insertNotifications(database.pool, notifications);
      for (const listener of listeners) listener();
      return notifications.map(() => undefined);
    },
  });

  function gatewayOf(name: string): CardGateway {
    const gateway = cardGateways.gateway(name);
    if (gateway) return gateway;
    throw fail('gateway_unknown', `There is no card gateway called ${name}.`);
  }

  return {
    async hear(name, notification) {
      const gateway = gatewayOf(name);
      if (!gateway.readNotification || !gateway.acknowledgement)
        throw fail('gateway_unknown', `${name} sends no notifications.`);
      const reading = gateway.readNotification(notification);
      const payment = paymentNamedBy(reading.news);
      await batcher.add({
        ...{ gateway: name, type: wordOf(notification.type), ip: notification.ip },
        sealed: sealHeard(sealer, { notification, reading }, name),
        dedupeKey: keyOf(notification.type, reading.dedupeKey),
        payment: payment === undefined ? undefined : readPaymentId(payment),
        now: clock.now(),
      });
      return gateway.acknowledgement();
    },
    async check(name, notification) {
      const gateway = gatewayOf(name);
      if (!gateway.readCheck || !gateway.checkReply)
        throw fail('gateway_unknown', `${name} does not ask before it goes on.`);
      const question = gateway.readCheck(notification);
      return gateway.checkReply(await judge(options, name, question));
    },
    onHeard(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    drain: () => batcher.drain(),
  };
}

async function judge(
  { clock, database }: NotificationInboxOptions,
  gateway: string,
  question: CheckQuestion,
): Promise<CheckVerdict> {
  const key = question.payment === undefined ? undefined : readPaymentId(question.payment);
  const row = key && (await findCardPayment(database.pool, key));
  if (row?.method !== 'card' || row.gateway !== gateway) return 'unknown_order';
  if (question.account !== undefined && question.account !== accountOf(row.customer_id))
    return 'wrong_account';
  const { amountMinor, currency } = question;
  if (amountMinor !== undefined && amountMinor !== row.amount_minor) return 'wrong_amount';
  if (currency !== undefined && currency !== row.currency) return 'wrong_amount';
  if (row.state === 'presented') return row.not_after > clock.now() ? 'go' : 'expired';
  // Of a charge of ours, which is under way while it is asked about.
  if (row.state === 'sending' || row.state === 'unknown') return 'go';
  return row.state === 'expired' ? 'expired' : 'refuse';
}

const WORD_LENGTH_MAX = 40;

/** What stands in an address may be anything. */
function wordOf(type: string): string {
  return type.replaceAll(/[^a-z0-9._-]/g, '').slice(0, WORD_LENGTH_MAX);
}

/** Long enough to be told apart by a person, short enough for an index; whatever stands in it can be stored. */
const KEY_LENGTH_MAX = 150;
const PLAIN = /^[\x20-\x7e]*$/;

function keyOf(type: string, dedupeKey: string): string {
  const key = `${type} ${dedupeKey}`;
  return key.length <= KEY_LENGTH_MAX && PLAIN.test(key) ? key : `sha256 ${hash('sha256', key)}`;
}
