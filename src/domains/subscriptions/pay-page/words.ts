import { sayDay, sayInterval, sayMoney } from '#subscriptions/pages';
import type { Purchase } from './purchase.ts';
import type { PurchaseWords, Words } from './vocabulary.ts';
import { russian } from './words-ru.ts';

export type { Words } from './vocabulary.ts';

const english: Words = {
  orderTitle: (title) => `Subscribe to ${title}`,
  now: 'To pay now',
  givenBack: 'given back at once',
  nextCharge: 'Next charge',
  trial: 'Free trial',
  trialUntil: (until) => `until ${until}`,
  saved: ({ next, price }) => {
    const charge = next
      ? ` The next charge is ${next.amount} on ${next.day}; after it, ${price}.`
      : '';
    return `Your card is saved for renewals.${charge} We charge it by ourselves until you cancel.`;
  },
  consent: ({ amount, cardIsTried, next, price }) => {
    const first = cardIsTried
      ? `that ${amount} is taken from my card now to check it and given back at once`
      : `that ${amount} is taken from my card now`;
    const renewals = next
      ? `, that my card is saved, and that ${next.amount} is taken from it on ${next.day} and then ${price} until I cancel`
      : '';
    return `I agree ${first}${renewals}.`;
  },
  consentMissing: 'Tick the box if you agree: without it nothing is ordered.',
  changed:
    'This offer has changed since you opened the page. Please look at it again: nothing has been ordered.',
  termsTitle: 'Terms',
  howToCancel: 'You can cancel at any time, without giving a reason:',
  cancelLink: 'your subscriptions',
  agree: ({ amount, cardIsTried }) =>
    cardIsTried ? 'Agree and enter a card' : `Agree and pay ${amount}`,
  payTitle: (title) => `Pay for ${title}`,
  cardTitle: (title) => `Your card for ${title}`,
  pay: ({ amount, cardIsTried }) => (cardIsTried ? 'Enter a card' : `Pay ${amount}`),
  goToPay: 'Go on to the payment page',
  closed: 'The payment form was closed. Nothing has been taken.',
  declined: 'The bank has declined this card. Nothing has been taken. You can try another card.',
  formMissing:
    'The payment form can’t be reached now. Nothing has been taken. Try again in a minute.',
  needsScript:
    'The payment form needs JavaScript. Switch it on for this page, or open it in another browser.',
  checkAgain: 'I have paid already',
  results: {
    open: {
      title: 'We have not heard of your payment yet',
      text: 'If you have just paid, it takes a moment. If the form was closed or your card was declined, nothing has been taken.',
    },
    working: {
      title: 'Paid. One moment more',
      text: 'The bank has said yes, and your subscription is being opened.',
    },
    paid: {
      title: 'Thank you, you are subscribed',
      text: 'A message with the details is on its way to your phone.',
    },
    late: {
      title: 'This came too late',
      text: 'The subscription had ended before your payment arrived. The money goes back to your card by itself, in full.',
    },
    differs: {
      title: 'We are looking at your payment',
      text: 'What arrived is not what was asked for. Nothing more is charged; a person looks at it, and your money is not lost.',
    },
    closed: {
      title: 'This page is closed',
      text: 'Its time is over, or it was replaced by a newer one. Nothing can be paid here, and nothing was taken by it.',
    },
  },
  cardSaved: 'Your card is saved',
  payOrAgain: 'Pay, or try another card',
  looksAgain: 'This page looks again by itself.',
  back: 'Back',
  cabinet: 'Your subscriptions',
  subscription: 'Subscription',
  paid: 'Paid',
  checked: 'Card checked',
  goesBack: 'on its way back',
  freeUntil: 'Free until',
  awayTitle: 'The payment page can’t be reached now',
  away: 'Nothing has been taken. Please try again in a minute: this page stays yours.',
  again: 'Try again',
};

const languages: Readonly<Record<string, Words>> = { en: english, ru: russian };

/** The language of a page: English where it has none of its own. A page must never fail for its words. */
export function languageOf(locale: string): string {
  const [language = ''] = locale.split('-');
  return Object.hasOwn(languages, language) ? language : 'en';
}

export function wordsOf(locale: string): Words {
  return languages[languageOf(locale)] ?? english;
}

export function inWords(purchase: Purchase): PurchaseWords {
  const { amountMinor, cardIsTried, currency, interval, locale, next, priceMinor, timeZone } =
    purchase;
  return {
    ...{ amount: sayMoney(amountMinor, currency), cardIsTried },
    price: `${sayMoney(priceMinor, currency)} ${sayInterval(interval, locale)}`,
    next: next && {
      amount: sayMoney(next.amountMinor, currency),
      day: sayDay(next.at, timeZone, locale),
    },
  };
}

/** Everything that matters of an order's page, as it is kept with the consent. */
export function shownText(purchase: Purchase): string {
  const words = wordsOf(purchase.locale);
  const facts = inWords(purchase);
  const { locale, terms, timeZone, title, trialUntil } = purchase;
  const trial = trialUntil && words.trialUntil(sayDay(trialUntil, timeZone, locale));
  return [
    ...[words.orderTitle(title), facts.price, `${words.now}: ${facts.amount}`],
    ...(trial === undefined ? [] : [`${words.trial} ${trial}`]),
    ...[words.saved(facts), words.consent(facts), words.agree(facts)],
    ...(terms === undefined ? [] : [terms]),
  ].join('\n');
}
