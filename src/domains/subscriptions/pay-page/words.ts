import { type Speech, speechOf } from '#subscriptions/speech';
import type { Purchase } from './purchase.ts';

/** A purchase in the words that sentences are made of. */
export interface PurchaseWords {
  /** Asked for now. */
  readonly amount: string;
  readonly cardIsTried: boolean;
  /** `RUB 199.00 a month` */
  readonly price: string;
  readonly next: { readonly amount: string; readonly day: string } | undefined;
}

export function inWords(speech: Speech, purchase: Purchase): PurchaseWords {
  const { amountMinor, cardIsTried, currency, interval, next, priceMinor, timeZone } = purchase;
  return {
    ...{ amount: speech.money(amountMinor, currency), cardIsTried },
    price: speech.say('pay.price', {
      amount: speech.money(priceMinor, currency),
      interval: speech.interval(interval),
    }),
    next: next && {
      amount: speech.money(next.amountMinor, currency),
      day: speech.day(next.at, timeZone),
    },
  };
}

/** That the card is kept, and what it is charged next. */
export function saySaved({ say }: Speech, { next, price }: PurchaseWords): string {
  return next
    ? say('pay.saved_next', { next: next.amount, day: next.day, price })
    : say('pay.saved');
}

/** The sentence that somebody ticks. */
export function sayConsent({ say }: Speech, words: PurchaseWords): string {
  const { amount, cardIsTried, next, price } = words;
  if (!next) return say(cardIsTried ? 'pay.consent_trial' : 'pay.consent', { amount });
  const facts = { amount, next: next.amount, day: next.day, price };
  return say(cardIsTried ? 'pay.consent_trial_next' : 'pay.consent_next', facts);
}

export function sayAgree({ say }: Speech, { amount, cardIsTried }: PurchaseWords): string {
  return cardIsTried ? say('pay.agree_card') : say('pay.agree', { amount });
}

/** Everything that matters of an order's page, as it is kept with the consent. */
export function shownText(purchase: Purchase): string {
  const speech = speechOf(purchase.locale);
  const { say } = speech;
  const words = inWords(speech, purchase);
  const { terms, timeZone, title, trialUntil } = purchase;
  const trial = trialUntil && say('pay.trial_until', { day: speech.day(trialUntil, timeZone) });
  return [
    ...[say('pay.order_title', { title }), words.price, `${say('pay.now')}: ${words.amount}`],
    ...(trial === undefined ? [] : [`${say('pay.trial')} ${trial}`]),
    ...[saySaved(speech, words), sayConsent(speech, words), sayAgree(speech, words)],
    ...(terms === undefined ? [] : [terms]),
  ].join('\n');
}

/** The price as it is kept with the consent. */
export function priceShown(purchase: Purchase): string {
  const speech = speechOf(purchase.locale);
  const { amount, price } = inWords(speech, purchase);
  return speech.say('pay.price_now', { amount, price });
}
