import { createSealer } from '#auth';
import type { Executor, Tx } from '#database';
import type { OutgoingSms } from '#sms';
import { type CardSubscriptions, createCards, createPlans } from '#subscriptions/cards';
import {
  type CouponList,
  createCouponList,
  createPlanList,
  type PlanList,
} from '#subscriptions/price-list';
import type { Catalogue } from './catalogue.ts';
import { createCatalogue } from './catalogue.ts';
import type { ConsentInput, ConsentResult, Offer } from './consent.ts';
import { findConsentsByVisit, findLocaleAgreedIn, type GivenConsent } from './consent-store.ts';
import type { Context } from './context.ts';
import { fail } from './errors.ts';
import { recordConsent } from './record-consent.ts';
import type { ServiceTerms } from './service-store.ts';
import { CARD, smsRouteOf } from './sms-route.ts';
import { readStopToken, writeStopToken } from './stop-link.ts';
import { type StopInput, type Stopped, stopSubscriptions } from './stop-subscriptions.ts';
import {
  type BillRow,
  type Counts,
  countSubscriptions,
  findBills,
  findSubscription,
  findSubscriptionsOf,
  type SubscriptionRow,
} from './store.ts';
import { accessOf, isAlive, parseSubscriptionId, subscriptionId } from './subscription.ts';
import { carrierPeriod, isCarrierPeriod, type PlanPeriod, type Terms } from './terms.ts';
import { createSubscriptionWorker, type SubscriptionWorker } from './worker.ts';

/** A subscription as the outside sees it. */
export interface SubscriptionView {
  readonly subscription: string;
  readonly msisdn: string;
  readonly serviceCode: string;
  readonly title: string;
  readonly operator: string;
  readonly status: string;
  readonly alive: boolean;
  readonly priceMinor: bigint;
  readonly currency: string;
  readonly period: PlanPeriod;
  readonly createdAt: Date;
  readonly dueAt: Date | undefined;
  readonly paidUntil: Date | undefined;
  readonly endedAt: Date | undefined;
  readonly endReason: string | undefined;
}

export interface Subscriptions {
  /** What a service offers through its operator now; undefined when there is nothing. Remembered for a second. */
  offer(serviceCode: string): Promise<Offer | undefined>;
  /** SMS texts of a service by occasion, whoever charges it; undefined when there is no such service. */
  texts(serviceCode: string): Promise<Readonly<Record<string, string>> | undefined>;
  /** Who brings a text about a subscription: its operator, or, where a card pays, whoever has the number. */
  smsRoute(about: {
    readonly msisdn: string;
    readonly operator: string;
  }): Pick<OutgoingSms, 'provider' | 'sender'>;
  /** Adds a version of terms; the service is made when its code is new. People keep the version they agreed to. */
  addTerms: Catalogue['add'];
  /** Records consents and publishes them; throws `service_unknown`, `service_closed`, `terms_outdated`. */
  recordConsent(tx: Tx, inputs: readonly ConsentInput[]): Promise<readonly ConsentResult[]>;
  /** The consents that these visits have given, by visit. */
  consentsOf(
    executor: Executor,
    visits: readonly string[],
  ): Promise<ReadonlyMap<string, GivenConsent>>;
  /** Ends everything (or one service) of a number; see `StopInput`. */
  stop(tx: Tx, input: StopInput): Promise<Stopped>;
  find(subscription: string): Promise<SubscriptionView | undefined>;
  /** In which language its customer has last agreed to something. */
  localeAgreedIn(subscription: string): Promise<string | undefined>;
  of(
    msisdn: string,
    page: { readonly before: bigint | null; readonly limit: number },
  ): Promise<readonly SubscriptionView[]>;
  bills(subscription: string): Promise<readonly BillRow[]>;
  /** Whether the content is open to it, and why. */
  access(subscription: string): Promise<{ readonly open: boolean; readonly reason: string }>;
  /** A token for an unsubscribe link; it says nothing but which subscription it ends. */
  unsubscribeToken(subscription: string): string;
  readUnsubscribeToken(text: string): string;
  counts(): Promise<Counts>;
  worker(operator: string): SubscriptionWorker;
  /** Those that are paid by card. */
  readonly cards: CardSubscriptions;
  /** What is sold by card, as those who sell it keep it. */
  readonly priceList: { readonly plans: PlanList; readonly coupons: CouponList };
}

export interface SubscriptionsOptions
  extends Omit<Context, 'catalogue' | 'smsSender' | 'stopLink'> {
  /** `Kopek` unless told. */
  readonly smsSender?: string;
  readonly secret: string;
  /** Where people reach us, without a slash at the end. */
  readonly publicUrl: string;
}

export function createSubscriptions(options: SubscriptionsOptions): Subscriptions {
  const { clock, database, publicUrl, secret } = options;
  const catalogue = createCatalogue(database, clock);
  const unsubscribeToken = (subscription: string) => writeStopToken(subscription, secret);
  const context: Context = {
    ...options,
    catalogue,
    smsSender: options.smsSender ?? 'Kopek',
    stopLink: (subscription) => `${publicUrl}/stop/${unsubscribeToken(subscription)}`,
  };

  async function views(rows: readonly SubscriptionRow[]): Promise<readonly SubscriptionView[]> {
    const keys = rows.map((row) => ({ serviceId: row.service_id, version: row.terms_version }));
    const termsOf = await database.transaction((tx) => catalogue.versions(tx, keys));
    return rows.map((row) => toView(row, termsOf(row.service_id, row.terms_version)));
  }

  async function find(subscription: string): Promise<SubscriptionView | undefined> {
    const row = await findSubscription(database.pool, parseSubscriptionId(subscription));
    return row && (await views([row]))[0];
  }

  const plans = createPlans(database, catalogue);
  const cards = createCards({
    ...{ ...context, plans },
    sealer: createSealer({ secret }),
    publicUrl,
    cardLink: (subscription) => `${publicUrl}/card/${unsubscribeToken(subscription)}`,
  });

  const operators = () => options.operators.all().map(({ name }) => name);
  return {
    cards,
    priceList: {
      plans: createPlanList({ clock, plans, operators }),
      coupons: createCouponList({ clock }),
    },
    async offer(serviceCode) {
      const terms = await catalogue.newest(serviceCode);
      // What only cards pay is no offer of an operator.
      const isCarriers = terms && terms.operator !== 'card' && isCarrierPeriod(terms.period);
      return isCarriers ? toOffer(terms) : undefined;
    },
    texts: async (serviceCode) => (await catalogue.newest(serviceCode))?.texts,
    smsRoute: (about) => smsRouteOf(about, context),
    addTerms: catalogue.add,
    recordConsent: (tx, inputs) => recordConsent(context, tx, inputs),
    consentsOf: findConsentsByVisit,
    stop: (tx, input) => stopSubscriptions(context, tx, input),
    find,
    localeAgreedIn: (subscription) =>
      findLocaleAgreedIn(database.pool, parseSubscriptionId(subscription).customerId),
    of: async (msisdn, page) =>
      views(await findSubscriptionsOf(database.pool, { msisdn, ...page })),
    bills: (subscription) => findBills(database.pool, parseSubscriptionId(subscription)),
    async access(subscription) {
      const row = await findSubscription(database.pool, parseSubscriptionId(subscription));
      if (!row) throw fail('subscription_unknown', `There is no subscription ${subscription}.`);
      return accessOf(row.status);
    },
    unsubscribeToken,
    readUnsubscribeToken: (text) => readStopToken(text, secret),
    counts: () => countSubscriptions(database.pool, clock.now()),
    worker: (operator) => createSubscriptionWorker(context, operator),
  };
}

function toOffer(terms: ServiceTerms): Offer {
  return {
    serviceCode: terms.serviceCode,
    title: terms.title,
    operator: terms.operator,
    termsVersion: terms.version,
    priceMinor: terms.priceMinor,
    currency: terms.currency,
    period: carrierPeriod(terms),
    open: terms.open,
    texts: terms.texts,
  };
}

function toView(row: SubscriptionRow, terms: Terms): SubscriptionView {
  const { currency, period, priceMinor } = (row.operator === CARD && terms.cardPrice) || terms;
  return {
    subscription: subscriptionId({ customerId: row.customer_id, id: row.id }),
    msisdn: row.msisdn,
    serviceCode: terms.serviceCode,
    title: terms.title,
    operator: row.operator,
    status: row.status,
    alive: isAlive(row.status),
    ...{ priceMinor, currency, period },
    createdAt: row.created_at,
    dueAt: row.due_at ?? undefined,
    paidUntil: row.paid_until ?? undefined,
    endedAt: row.ended_at ?? undefined,
    endReason: row.end_reason ?? undefined,
  };
}
