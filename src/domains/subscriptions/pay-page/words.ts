import { sayDay, sayInterval, sayMoney } from '#subscriptions/pages';
import type { Purchase } from './purchase.ts';

/** What the pages of a payment say. The terms that somebody agrees to are kept word by word with his consent. */
export interface Words {
  readonly orderTitle: (title: string) => string;
  readonly price: (purchase: Purchase) => string;
  readonly now: string;
  readonly givenBack: string;
  readonly nextCharge: string;
  readonly trial: string;
  readonly trialUntil: (day: string) => string;
  readonly saved: (purchase: Purchase) => string;
  readonly consent: (purchase: Purchase) => string;
  readonly consentMissing: string;
  readonly changed: string;
  readonly termsTitle: string;
  readonly howToCancel: string;
  readonly cancelLink: string;
  readonly agree: (purchase: Purchase) => string;
  readonly payTitle: (title: string) => string;
  readonly cardTitle: (title: string) => string;
  readonly pay: (purchase: Purchase) => string;
  readonly goToPay: string;
  readonly closed: string;
  readonly declined: string;
  readonly formMissing: string;
  readonly needsScript: string;
  readonly checkAgain: string;
}

const money = ({ currency }: Purchase, amountMinor: bigint) => sayMoney(amountMinor, currency);
const price = (purchase: Purchase) =>
  `${money(purchase, purchase.priceMinor)} ${sayInterval(purchase.interval)}`;
const day = ({ locale, timeZone }: Purchase, at: Date) => sayDay(at, timeZone, locale);

/** What is charged without being asked for, and from when on. */
function later(purchase: Purchase): string {
  const { next } = purchase;
  if (!next) return '';
  const amount = money(purchase, next.amountMinor);
  return `The next charge is ${amount} on ${day(purchase, next.at)}; after it, ${price(purchase)}.`;
}

const en: Words = {
  orderTitle: (title) => `Subscribe to ${title}`,
  price,
  now: 'To pay now',
  givenBack: 'given back at once',
  nextCharge: 'Next charge',
  trial: 'Free trial',
  trialUntil: (until) => `until ${until}`,
  saved: (purchase) =>
    `Your card is saved for renewals. ${later(purchase)} We charge it by ourselves until you cancel.`,
  consent: (purchase) => {
    const first = purchase.cardIsTried
      ? `that ${money(purchase, purchase.amountMinor)} is taken from my card now to check it and given back at once`
      : `that ${money(purchase, purchase.amountMinor)} is taken from my card now`;
    const { next } = purchase;
    const renewals = next
      ? `, that my card is saved, and that ${money(purchase, next.amountMinor)} is taken from it on ${day(purchase, next.at)} and then ${price(purchase)} until I cancel`
      : '';
    return `I agree ${first}${renewals}.`;
  },
  consentMissing: 'Tick the box if you agree: without it nothing is ordered.',
  changed:
    'This offer has changed since you opened the page. Please look at it again: nothing has been ordered.',
  termsTitle: 'Terms',
  howToCancel: 'You can cancel at any time, without giving a reason:',
  cancelLink: 'your subscriptions',
  agree: (purchase) =>
    purchase.cardIsTried
      ? 'Agree and enter a card'
      : `Agree and pay ${money(purchase, purchase.amountMinor)}`,
  payTitle: (title) => `Pay for ${title}`,
  cardTitle: (title) => `Your card for ${title}`,
  pay: (purchase) =>
    purchase.cardIsTried ? 'Enter a card' : `Pay ${money(purchase, purchase.amountMinor)}`,
  goToPay: 'Go on to the payment page',
  closed: 'The payment form was closed. Nothing has been taken.',
  declined: 'The bank has declined this card. Nothing has been taken. You can try another card.',
  formMissing:
    'The payment form can’t be reached now. Nothing has been taken. Try again in a minute.',
  needsScript:
    'The payment form needs JavaScript. Switch it on for this page, or open it in another browser.',
  checkAgain: 'I have paid already',
};

const languages: Readonly<Record<string, Words>> = { en };

/** English where a language is not there: a page must never fail for its words. */
export function wordsOf(locale: string): Words {
  return languages[locale] ?? en;
}

/** Everything that matters of an order's page, as it is kept with the consent. */
export function shownText(purchase: Purchase): string {
  const words = wordsOf(purchase.locale);
  const { amountMinor, terms, title } = purchase;
  return [
    ...[words.orderTitle(title), words.price(purchase)],
    `${words.now}: ${money(purchase, amountMinor)}`,
    ...(purchase.trialUntil
      ? [`${words.trial} ${words.trialUntil(day(purchase, purchase.trialUntil))}`]
      : []),
    ...[words.saved(purchase), words.consent(purchase), words.agree(purchase)],
    ...(terms === undefined ? [] : [terms]),
  ].join('\n');
}
