import { AppError } from '#errors';
import type { Speech } from '#subscriptions/speech';
import {
  lookAtOrder,
  type OrderPage,
  type PaymentPage,
  type PayPageOptions,
  readShown,
  type Visitor,
} from './look.ts';
import type { Purchase } from './purchase.ts';
import { inWords, priceShown, sayConsent, shownText } from './words.ts';

export type Agreed =
  | { readonly outcome: 'agreed'; readonly page: PaymentPage }
  /** Shown again, nothing stored: no tick, or what was shown is no longer what is offered. */
  | {
      readonly outcome: 'again';
      readonly purchase: Purchase;
      readonly fault: 'consent_missing' | 'changed';
    }
  | { readonly outcome: 'refused'; readonly why: string };

/** Answers of the business to a person who wants to buy; all else is an error. */
const REFUSALS = new Set([
  ...['coupon_refused', 'service_closed', 'plan_unknown', 'order_closed', 'quantity_invalid'],
  'no_gateway',
]);
/** What is known of a number is told to nobody who only types it. */
const PRIVATE = new Set([
  ...['already_subscribed', 'number_blacklisted', 'consent_withdrawn', 'user_is_another'],
]);
const NOT_FOR_THIS_NUMBER = 'not_for_this_number';

/**
 * The tick on the page of an order: the consent is kept with what was shown, and the subscription waits for its first payment.
 * Pressed again, it is the same one.
 */
export async function agreeToOrder(
  options: PayPageOptions,
  page: OrderPage,
  form: {
    readonly shown: string;
    readonly isTicked: boolean;
    readonly visitor: Visitor;
    /** In which it was shown, and is agreed to. */
    readonly speech: Speech;
  },
): Promise<Agreed> {
  const { cards, clock, database } = options;
  const { isTicked, speech, visitor } = form;
  const { locale } = speech;
  try {
    const { purchase, version } = await lookAtOrder(options, page, locale);
    const shownAt = readShown(options, form.shown, purchase);
    if (!shownAt) return { outcome: 'again', purchase, fault: 'changed' };
    if (!isTicked) return { outcome: 'again', purchase, fault: 'consent_missing' };
    const { address, userAgent = '' } = visitor;
    const started = await database.transaction((tx) =>
      cards.agree(
        tx,
        { ...page, order: { ...page.order, version, locale } },
        {
          ...{ method: 'card_page', textShown: shownText(purchase), shownAt },
          priceShown: priceShown(purchase),
          evidence: {
            address,
            userAgent,
            ticked: sayConsent(speech, inWords(speech, purchase)),
          },
          confirmedAt: clock.now(),
        },
      ),
    );
    const { payment, subscription } = started;
    return {
      outcome: 'agreed',
      page: { page: 'payment', payment, subscription, returnUrl: page.returnUrl },
    };
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    if (error.code === 'terms_outdated') {
      const { purchase } = await lookAtOrder(options, page, locale);
      return { outcome: 'again', purchase, fault: 'changed' };
    }
    const why = refusalOf(error);
    if (why === undefined) throw error;
    return { outcome: 'refused', why };
  }
}

/** Why an order can't be made, as its page may tell it; undefined for what is no answer of the business. */
export function refusalOf(error: unknown): string | undefined {
  if (!(error instanceof AppError)) return undefined;
  if (PRIVATE.has(error.code)) return NOT_FOR_THIS_NUMBER;
  return REFUSALS.has(error.code) ? error.code : undefined;
}
