import { type Bus, type Outgoing, type Parcel, parcel } from '#bus';
import type { Tx } from '#database';
import { formatMoney } from '#money';
import type { Operators } from '#operators';
import type { OutgoingSms, Sms } from '#sms';
import { smsRouteOf } from './sms-route.ts';
import type { SubscriptionRow } from './store.ts';
import { billReference, subscriptionId } from './subscription.ts';
import { priceInWords, type Terms } from './terms.ts';
import {
  type MtManagerAction,
  mtManager,
  type SubscriptionEvent,
  subscriptionEvents,
} from './topics.ts';

/** What one transaction has to tell the rest of the house: gathered, and said in a few statements at its end. */
export interface Announcement {
  event(row: SubscriptionRow, terms: Terms, what: EventInput): void;
  status(row: SubscriptionRow, status: string, reason?: string | null): void;
  transaction(row: SubscriptionRow, terms: Terms, what: TransactionInput): void;
  /** Sends the service's text for this occasion, if it has one, once per `fact`. */
  sms(
    row: SubscriptionRow,
    terms: Terms,
    message: { readonly occasion: string; readonly fact: string },
  ): void;
  /** Publishes all that was gathered. Statements are those of the bus and of sms. */
  publish(tx: Tx): Promise<void>;
}

export interface EventInput {
  readonly event: string;
  readonly status: string;
  readonly period?: number;
  readonly reason?: string | undefined;
  /** From when on its price is charged. */
  readonly effectiveAt?: Date;
}

export interface TransactionInput {
  readonly payment: string;
  readonly period: number;
  readonly result: string;
  readonly reason?: string | undefined;
}

export interface AnnouncementOptions {
  readonly bus: Bus;
  readonly sms: Sms;
  readonly operators: Operators;
  readonly now: Date;
  readonly smsSender: string;
  /** The link by which a subscription is ended, for texts that name it. */
  readonly stopLink: (subscription: string) => string;
}

/** A message about a charge of three days ago helps nobody. */
const SMS_VALID_MS = 24 * 3_600_000;

type Rows<Action> = Extract<MtManagerAction, { action: Action }>['rows'];

export function createAnnouncement(options: AnnouncementOptions): Announcement {
  const { bus, now, sms } = options;
  const at = now.toISOString();
  const events: Outgoing<SubscriptionEvent>[] = [];
  const statuses: Rows<'writeSubscriptionStatus'> = [];
  const transactions: Rows<'writeTransaction'> = [];
  const messages: OutgoingSms[] = [];

  return {
    event(row, terms, { effectiveAt, event, period, reason, status }) {
      const subscription = subscriptionId({ customerId: row.customer_id, id: row.id });
      const bill =
        period === undefined
          ? {}
          : {
              period,
              bill: billReference({ customerId: row.customer_id, id: row.id }, period),
              amount_minor: Number(terms.priceMinor),
              currency: terms.currency,
            };
      events.push({
        key: row.customer_id.toString(),
        payload: {
          ...{ event, subscription, msisdn: row.msisdn, service: terms.serviceCode },
          ...{ operator: row.operator, status, ...bill },
          ...(reason === undefined ? {} : { reason }),
          ...(effectiveAt === undefined ? {} : aheadOf(terms, effectiveAt)),
          at,
        },
      });
    },
    status(row, status, reason) {
      const subscription = subscriptionId({ customerId: row.customer_id, id: row.id });
      statuses.push({
        at,
        subscription,
        msisdn: row.msisdn,
        status,
        ...(reason ? { reason } : {}),
      });
    },
    transaction(row, terms, { payment, period, reason, result }) {
      transactions.push({
        ...{
          at,
          subscription: subscriptionId({ customerId: row.customer_id, id: row.id }),
          payment,
        },
        ...{ msisdn: row.msisdn, operator: row.operator, service: terms.serviceCode, period },
        ...{ amount_minor: Number(terms.priceMinor), currency: terms.currency, result },
        ...(reason === undefined ? {} : { reason }),
      });
    },
    sms(row, terms, { fact, occasion }) {
      const text = terms.texts[occasion];
      if (!text) return;
      const subscription = subscriptionId({ customerId: row.customer_id, id: row.id });
      messages.push({
        ...smsRouteOf(row, options),
        recipient: row.msisdn,
        body: fill(text, terms, options.stopLink(subscription)),
        kind: occasion,
        priority: 1,
        reference: subscription,
        dedupeKey: `${subscription}:${occasion}:${fact}`,
        expiresAt: new Date(now.getTime() + SMS_VALID_MS),
      });
    },
    async publish(tx) {
      const key = events[0]?.key ?? 'mt_manager';
      const parcels: Parcel[] = [parcel(subscriptionEvents, events)];
      if (statuses.length > 0) {
        parcels.push(
          parcel(mtManager, [
            { key, payload: { action: 'writeSubscriptionStatus', rows: statuses } },
          ]),
        );
      }
      if (transactions.length > 0) {
        parcels.push(
          parcel(mtManager, [{ key, payload: { action: 'writeTransaction', rows: transactions } }]),
        );
      }
      await sms.send(tx, messages);
      await bus.publishAll(tx, parcels);
    },
  };
}

function aheadOf({ currency, priceMinor }: Terms, effectiveAt: Date) {
  return { amount_minor: Number(priceMinor), currency, effective_at: effectiveAt.toISOString() };
}

/** `{title}`, `{price}` and `{stop}` in a service's texts. */
function fill(text: string, terms: Terms, stopLink: string): string {
  const price = formatMoney({ amountMinor: terms.priceMinor, currency: terms.currency });
  return text
    .replaceAll('{title}', terms.title)
    .replaceAll('{price}', priceInWords(price, terms.period))
    .replaceAll('{stop}', stopLink);
}
