import { createBatcher } from '#batch';
import type { Clock } from '#clock';
import type { Database } from '#database';
import type {
  CardGateway,
  CheckQuestion,
  CheckVerdict,
  GatewayNotification,
  Reply,
} from './card-gateway.ts';
import type { CardGateways } from './card-gateways.ts';
import { accountOf } from './compare-facts.ts';
import { fail } from './errors.ts';
import { insertNotifications } from './notification-store.ts';
import { parsePaymentId } from './payment.ts';
import { findCardPayment } from './presented-store.ts';

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
  readonly cardGateways: CardGateways;
}

const NOTIFICATIONS_MOST = 200;

export function createNotificationInbox(options: NotificationInboxOptions): NotificationInbox {
  const { cardGateways, clock, database } = options;
  const listeners = new Set<() => void>();
  const batcher = createBatcher<Parameters<typeof insertNotifications>[1][number], void>({
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
      const { dedupeKey } = gateway.readNotification(notification);
      await batcher.add({
        ...{ gateway: name, notification, now: clock.now() },
        dedupeKey: `${notification.type} ${dedupeKey}`,
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
  const key = question.payment === undefined ? undefined : readId(question.payment);
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

function readId(payment: string) {
  try {
    return parsePaymentId(payment);
  } catch {
    return undefined;
  }
}
