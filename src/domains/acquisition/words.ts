/** What the pages say apart from a campaign's own texts, in one language. */
export interface Words {
  readonly perPeriod: Readonly<Record<'daily' | 'weekly', string>>;
  readonly renews: Readonly<Record<'daily' | 'weekly', string>>;
  howToStop(shortCode: string): string;
  readonly numberLabel: string;
  numberHint(pinDigits: number): string;
  readonly yourNumber: string;
  readonly offerChanged: string;
  readonly pinTitle: string;
  pinSentTo(msisdn: string): string;
  readonly pinLabel: string;
  readonly pinConfirm: string;
  readonly pinAgainTitle: string;
  readonly pinAgain: string;
  pinWrong(triesLeft: number): string;
  readonly pinLocked: string;
  readonly pinExpired: string;
  readonly pinNone: string;
  pinCooling(seconds: number): string;
  readonly pinTooMany: string;
  /** The SMS; `%s` is the PIN. */
  pinSms(offer: { readonly title: string; readonly price: string }): string;
  readonly doneTitle: string;
  done(offer: { readonly title: string; readonly price: string; readonly msisdn: string }): string;
  readonly doneNext: string;
  readonly closedTitle: string;
  readonly closed: string;
  readonly oldForm: string;
  readonly openAgain: string;
  stopTitle(title: string): string;
  stopWhat(offer: { readonly title: string; readonly price: string }): string;
  readonly stopEnded: string;
  readonly stopButton: string;
  readonly stoppedTitle: string;
  stopped(title: string): string;
  readonly alreadyEndedTitle: string;
  alreadyEnded(title: string): string;
}

const en: Words = {
  perPeriod: { daily: 'a day', weekly: 'a week' },
  renews: {
    daily: 'Charged to your phone balance, renewed every day until you stop.',
    weekly: 'Charged to your phone balance, renewed every week until you stop.',
  },
  howToStop: (shortCode) =>
    `To STOP at any time: send STOP to ${shortCode}, free of charge, or open the stop link in our SMS.`,
  numberLabel: 'Your mobile number',
  numberHint: (pinDigits) =>
    `We send a PIN of ${pinDigits} digits to this number, free of charge. Nothing is charged before you confirm it.`,
  yourNumber: 'Your number',
  offerChanged:
    'This offer has changed since you opened the page. Please look at it again: nothing has been ordered.',
  pinTitle: 'Enter your PIN',
  pinSentTo: (msisdn) => `We sent it by SMS to ${msisdn}. It is valid for 10 minutes.`,
  pinLabel: 'PIN from the SMS',
  pinConfirm: 'Confirm and subscribe',
  pinAgainTitle: 'No SMS, or a wrong number?',
  pinAgain: 'Send a new PIN',
  pinWrong: (triesLeft) =>
    `This is not the PIN we sent. ${triesLeft === 1 ? 'One try is left.' : `${triesLeft} tries are left.`}`,
  pinLocked: 'There were too many wrong tries. Ask for a new PIN below.',
  pinExpired: 'This PIN is too old. Ask for a new one below.',
  pinNone: 'This PIN has been used or replaced. Ask for a new one below.',
  pinCooling: (seconds) =>
    `We sent you a PIN a moment ago: enter it here. You can ask for another in ${seconds} s.`,
  pinTooMany:
    'Too many PINs were sent to this number today. Enter the last one, or try again tomorrow.',
  pinSms: ({ title, price }) =>
    `%s is your PIN for ${title}, ${price}. Enter it only if you want to subscribe.`,
  doneTitle: 'Thank you, you are subscribed',
  done: ({ title, price, msisdn }) => `${title} for ${msisdn}: ${price}.`,
  doneNext:
    'Your link comes by SMS as soon as the first payment has gone through. You can close this page.',
  closedTitle: 'This offer is over',
  closed: 'It takes no new orders, and nothing was ordered now.',
  oldForm:
    'This form is too old, or it was changed on its way. Nothing has been ordered. Open the page again to go on.',
  openAgain: 'Open the page again',
  stopTitle: (title) => `Stop ${title}?`,
  stopWhat: ({ title, price }) =>
    `Your subscription to ${title} (${price}) ends at once, and nothing more is charged for it.`,
  stopEnded:
    'This subscription has already ended. If you are still charged for it, press the button.',
  stopButton: 'Stop the subscription',
  stoppedTitle: 'Stopped',
  stopped: (title) => `Your subscription to ${title} has ended. Nothing more is charged for it.`,
  alreadyEndedTitle: 'Already ended',
  alreadyEnded: (title) => `You have no subscription to ${title}. Nothing is charged for it.`,
};

const languages: Readonly<Record<string, Words>> = { en };

export function isLocale(text: string): boolean {
  return Object.hasOwn(languages, text);
}

/** English where a language is not there: a page must never fail for its words. */
export function wordsOf(locale: string): Words {
  return languages[locale] ?? en;
}
