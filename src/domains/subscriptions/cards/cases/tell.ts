import { type Bus, type Outgoing, type Parcel, parcel } from '#bus';
import type { Tx } from '#database';
import { formatMoney } from '#money';
import type { Operators } from '#operators';
import type { OutgoingSms, Sms } from '#sms';
import type { CardCase } from '#subscriptions/cards/card-case';
import { type Plan, periodOfInterval } from '#subscriptions/cards/plans';
import type { DunningMessage } from '#subscriptions/dunning';
import { CARD, smsRouteOf } from '#subscriptions/sms-route';
import { billReference, subscriptionId } from '#subscriptions/subscription';
import { priceInWords } from '#subscriptions/terms';
import {
  type MtManagerAction,
  mtManager,
  type SubscriptionEvent,
  subscriptionEvents,
} from '#subscriptions/topics';

/** What one transaction has to tell of card subscriptions: gathered, and said in a few statements at its end. */
export interface Telling {
  event(one: CardCase, plan: Plan, what: ToldEvent): void;
  /** Sends the plan's text for this occasion, if it has one, once per `fact`. */
  sms(one: CardCase, plan: Plan, message: ToldSms): void;
  dunning(one: CardCase, plan: Plan, message: DunningMessage, fact: string): void;
  transaction(one: CardCase, plan: Plan, what: ToldTransaction): void;
  publish(tx: Tx): Promise<void>;
}

export interface ToldEvent {
  readonly event: string;
  readonly reason?: string | undefined;
  /** The bill that it is about. */
  readonly bill?: { readonly number: number; readonly amountMinor: bigint };
  /** What is charged from a later moment on. */
  readonly later?: {
    readonly amountMinor: bigint;
    readonly currency: string;
    readonly from: Date;
  };
}

export interface ToldSms {
  readonly occasion: string;
  readonly fact: string;
  readonly words?: Readonly<Record<string, string>>;
}

export interface ToldTransaction {
  readonly payment: string;
  readonly bill: { readonly number: number; readonly amountMinor: bigint };
  readonly result: string;
  readonly reason?: string | undefined;
}

export interface TellingOptions {
  readonly bus: Bus;
  readonly sms: Sms;
  readonly operators: Operators;
  readonly now: Date;
  /** The name that handsets show where no operator of ours has the number. */
  readonly smsSender: string;
  readonly stopLink: (subscription: string) => string;
  /** Where another card is entered, or the open bill paid. */
  readonly cardLink: (subscription: string) => string;
}

/** A message about a charge of three days ago helps nobody. */
const SMS_VALID_MS = 24 * 3_600_000;

type TransactionRows = Extract<MtManagerAction, { action: 'writeTransaction' }>['rows'];
type StatusRows = Extract<MtManagerAction, { action: 'writeSubscriptionStatus' }>['rows'];

export function createTelling(options: TellingOptions): Telling {
  const { bus, now, sms } = options;
  const at = now.toISOString();
  const events: Outgoing<SubscriptionEvent>[] = [];
  const transactions: TransactionRows = [];
  const statuses: StatusRows = [];
  const messages: OutgoingSms[] = [];

  function say(one: CardCase, plan: Plan, { fact, occasion, words = {} }: ToldSms): void {
    const text = plan.texts[occasion];
    if (!text) return;
    const subscription = subscriptionId(one.key);
    messages.push({
      ...smsRouteOf({ msisdn: one.msisdn, operator: CARD }, options),
      recipient: one.msisdn,
      body: fill(text, { ...wordsOf(one, plan, options), ...words }),
      kind: occasion,
      priority: 1,
      reference: subscription,
      dedupeKey: `${subscription}:${occasion}:${fact}`,
      expiresAt: new Date(now.getTime() + SMS_VALID_MS),
    });
  }

  return {
    event(one, plan, { bill, event, later, reason }) {
      const subscription = subscriptionId(one.key);
      const about = bill && {
        ...{ period: bill.number, bill: billReference(one.key, bill.number) },
        ...{ amount_minor: Number(bill.amountMinor), currency: plan.price.currency },
      };
      const ahead = later && {
        ...{ amount_minor: Number(later.amountMinor), currency: later.currency },
        effective_at: later.from.toISOString(),
      };
      const { msisdn, status } = one;
      events.push({
        key: one.key.customerId.toString(),
        payload: {
          ...{ event, subscription, msisdn, service: plan.code, operator: CARD, status, ...about },
          ...ahead,
          ...(reason === undefined ? {} : { reason }),
          at,
        },
      });
      statuses.push({ at, subscription, msisdn, status, ...(reason ? { reason } : {}) });
    },
    sms: say,
    dunning(one, plan, message, fact) {
      say(one, plan, { occasion: message.message, fact, words: wordsOfDunning(message, plan) });
    },
    transaction(one, plan, { bill, payment, reason, result }) {
      transactions.push({
        ...{ at, subscription: subscriptionId(one.key), payment, msisdn: one.msisdn },
        ...{ operator: CARD, service: plan.code, period: bill.number, result },
        ...{ amount_minor: Number(bill.amountMinor), currency: plan.price.currency },
        ...(reason === undefined ? {} : { reason }),
      });
    },
    async publish(tx) {
      const key = events[0]?.key ?? 'mt_manager';
      const parcels: Parcel[] = [parcel(subscriptionEvents, events)];
      const reports: MtManagerAction[] = [
        ...(statuses.length > 0
          ? [{ action: 'writeSubscriptionStatus' as const, rows: statuses }]
          : []),
        ...(transactions.length > 0
          ? [{ action: 'writeTransaction' as const, rows: transactions }]
          : []),
      ];
      parcels.push(
        parcel(
          mtManager,
          reports.map((payload) => ({ key, payload })),
        ),
      );
      await sms.send(tx, messages);
      await bus.publishAll(tx, parcels);
    },
  };
}

function wordsOf(one: CardCase, plan: Plan, options: TellingOptions) {
  const { currency, interval, unitPriceMinor } = plan.price;
  const price = formatMoney({ amountMinor: unitPriceMinor, currency });
  const subscription = subscriptionId(one.key);
  return {
    title: plan.title,
    price: priceInWords(price, periodOfInterval(interval)),
    card: one.card?.mask.slice(-4) ?? '',
    until: dayIn(one.priced.period.endsAt, plan.timeZone),
    stop: options.stopLink(subscription),
    link: options.cardLink(subscription),
  };
}

function wordsOfDunning(message: DunningMessage, { timeZone }: Plan): Record<string, string> {
  switch (message.message) {
    case 'charge_coming':
      return { date: dayIn(message.chargeAt, timeZone) };
    case 'charge_failed':
      return {
        reason: message.reason,
        ...(message.retryAt ? { date: dayIn(message.retryAt, timeZone) } : {}),
      };
    case 'last_chance':
      return { date: dayIn(message.until, timeZone) };
    default:
      return {};
  }
}

function dayIn(at: Date, timeZone: string): string {
  return at.toLocaleDateString('sv', { timeZone });
}

/** `{title}`, `{price}`, `{date}`, … in a plan's texts. */
function fill(text: string, words: Readonly<Record<string, string>>): string {
  return text.replaceAll(/\{(\w+)\}/g, (whole, name: string) => words[name] ?? whole);
}
