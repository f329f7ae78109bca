import { createHash } from 'node:crypto';
import { readToken, signToken } from '#auth';
import type { Clock } from '#clock';
import type { Database } from '#database';
import { AppError, must } from '#errors';
import type { Led as LedByGateway, PaymentState, Payments } from '#payments';
import type { CardSubscriptions, PayPage } from '#subscriptions/cards';
import type { Locale, LocaleChoice } from '#subscriptions/speech';
import { isCardReference, type SubscriptionStatus } from '#subscriptions/subscription';
import { fail } from './errors.ts';
import { type Purchase, purchaseOf } from './purchase.ts';
import { shownText } from './words.ts';

export type OrderPage = Extract<PayPage, { readonly page: 'order' }>;
export type PaymentPage = Extract<PayPage, { readonly page: 'payment' }>;

export interface PayPageOptions {
  readonly database: Database;
  readonly clock: Clock;
  /** `KOPEK_SECRET`: signs what was shown. */
  readonly secret: string;
  readonly cards: CardSubscriptions;
  readonly payments: Pick<Payments, 'report'>;
  readonly locales: LocaleChoice;
}

/** Who asks, as the request shows it. */
export interface Visitor {
  readonly address: string;
  readonly userAgent: string | undefined;
}

const SHOWN_MAX_AGE_MS = 23 * 3_600_000;
const SHOWN = 'pay-page-shown';

/** What is offered, and the version of the price that it is offered at. */
export interface Offered {
  readonly purchase: Purchase;
  readonly version: number;
}

/** An order as it stands now: its price is the plan's, whatever the link says. Throws as `preview` does. */
export async function lookAtOrder(
  { cards, database }: PayPageOptions,
  { order }: OrderPage,
  locale: Locale,
): Promise<Offered> {
  const { amountMinor, plan, quote } = await database.transaction((tx) => cards.preview(tx, order));
  const { after, dueMinor } = quote;
  must(after, 'a start leads to a subscription');
  const purchase = purchaseOf({
    ...{ title: plan.title, terms: plan.texts.terms, locale, priced: after },
    ...{ cardIsTried: dueMinor === 0n, amountMinor },
  });
  return { purchase, version: plan.price.version };
}

/** Proves on the way back which text was before the person, and when. */
export function signShown({ clock, secret }: PayPageOptions, purchase: Purchase): string {
  const now = clock.now();
  const payload = { text: fingerprintOf(purchase), atMs: now.getTime() };
  return signToken(payload, { secret, purpose: SHOWN, now });
}

/** When exactly this was shown; undefined where it was something else. Throws `token_invalid`, `token_expired`. */
export function readShown(
  { clock, secret }: PayPageOptions,
  token: string,
  purchase: Purchase,
): Date | undefined {
  const shown = readToken<{ readonly text: string; readonly atMs: number }>(token, {
    ...{ secret, purpose: SHOWN, now: clock.now(), maxAgeMs: SHOWN_MAX_AGE_MS },
  });
  return shown.text === fingerprintOf(purchase) ? new Date(shown.atMs) : undefined;
}

function fingerprintOf(purchase: Purchase): string {
  return createHash('sha256').update(shownText(purchase)).digest('base64url');
}

/** What is true of a payment that is made on a page. */
export interface PaymentStanding {
  readonly state: PaymentState;
  /** Of its subscription. */
  readonly status: SubscriptionStatus;
  readonly isCardPage: boolean;
  readonly purchase: Purchase;
}

/**
 * `localeOf` is told which language its subscription was ordered in. Throws `payment_unknown`, and `order_closed` where its
 * subscription is not paid by card.
 */
export async function lookAtPayment(
  { cards, database, payments }: PayPageOptions,
  page: PaymentPage,
  localeOf: (stored: string) => Locale,
): Promise<PaymentStanding> {
  const report = await payments.report(database.pool, page.payment);
  const one = await cards.find(database.pool, page.subscription);
  if (!one) throw fail('order_closed', 'There is no subscription by card at this address.');
  const { priced } = one;
  const plan = await cards.plan(priced.selection.price.plan);
  const isCardPage = isCardReference(report.reference);
  const isTrialsFirst = one.bill?.kind === 'start' && one.bill.amountMinor === 0n;
  return {
    ...{ state: report.state, status: one.status, isCardPage },
    purchase: purchaseOf({
      ...{ title: plan?.title ?? priced.selection.price.plan, terms: plan?.texts.terms },
      ...{ locale: localeOf(one.locale), amountMinor: report.amountMinor },
      cardIsTried: isCardPage || isTrialsFirst,
      priced: one.bill?.state === 'open' ? one.bill.after : priced,
    }),
  };
}

/** How a gateway wants its form to be opened. */
export type Presentation = LedByGateway['presentation'];

export type Led =
  | { readonly outcome: 'led'; readonly presentation: Presentation }
  /** No gateway can be reached now. */
  | { readonly outcome: 'unavailable' }
  /** It was settled or closed this moment. */
  | { readonly outcome: 'not_open' };

export async function leadToPayment(
  { cards }: PayPageOptions,
  page: PaymentPage,
  browser: Parameters<CardSubscriptions['lead']>[1],
): Promise<Led> {
  try {
    const { presentation } = await cards.lead(page.payment, browser);
    return { outcome: 'led', presentation };
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    if (error.code === 'payment_not_open') return { outcome: 'not_open' };
    if (error.kind === 'unavailable') return { outcome: 'unavailable' };
    throw error;
  }
}
