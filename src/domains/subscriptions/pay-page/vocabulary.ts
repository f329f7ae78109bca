/** What a payment has come to, as its holder is told. */
export type Standing = 'open' | 'working' | 'paid' | 'late' | 'differs' | 'closed';

/** What the pages of a payment say. The terms that somebody agrees to are kept word by word with his consent. */
export interface Words {
  readonly orderTitle: (title: string) => string;
  readonly now: string;
  readonly givenBack: string;
  readonly nextCharge: string;
  readonly trial: string;
  readonly trialUntil: (day: string) => string;
  /** `next` is a sentence about the next charge, or nothing. */
  readonly saved: (facts: PurchaseWords) => string;
  readonly consent: (facts: PurchaseWords) => string;
  readonly consentMissing: string;
  readonly changed: string;
  readonly termsTitle: string;
  readonly howToCancel: string;
  readonly cancelLink: string;
  readonly agree: (facts: PurchaseWords) => string;
  readonly payTitle: (title: string) => string;
  readonly cardTitle: (title: string) => string;
  readonly pay: (facts: PurchaseWords) => string;
  readonly goToPay: string;
  readonly closed: string;
  readonly declined: string;
  readonly formMissing: string;
  readonly needsScript: string;
  readonly checkAgain: string;
  readonly results: Readonly<Record<Standing, { readonly title: string; readonly text: string }>>;
  readonly cardSaved: string;
  readonly payOrAgain: string;
  readonly looksAgain: string;
  readonly back: string;
  readonly cabinet: string;
  readonly subscription: string;
  readonly paid: string;
  readonly checked: string;
  readonly goesBack: string;
  readonly freeUntil: string;
  readonly awayTitle: string;
  readonly away: string;
  readonly again: string;
}

/** A purchase in the words that sentences are made of. */
export interface PurchaseWords {
  /** Asked for now. */
  readonly amount: string;
  readonly cardIsTried: boolean;
  /** `199.00 RUB a month` */
  readonly price: string;
  readonly next: { readonly amount: string; readonly day: string } | undefined;
}
