/** What is known of a visit that ends in a consent: everything a regulator would ask for. */
export interface ConsentInput {
  /** E.164 with the plus. */
  readonly msisdn: string;
  readonly serviceCode: string;
  /** The version of the terms whose price the page showed. */
  readonly termsVersion: number;
  /** The visit (hit id): one visit gives at most one consent. */
  readonly visit: string;
  readonly method: 'pin' | 'operator_header' | 'query' | 'card_page' | 'api' | 'cabinet';
  readonly textShown: string;
  readonly priceShown: string;
  readonly locale: string;
  /** Address, user agent, PIN's issue and tries, campaign, …: facts, no secrets. */
  readonly evidence: Readonly<Record<string, unknown>>;
  readonly attribution: {
    readonly affSub?: string;
    readonly affPub?: string;
    readonly campaign: string;
  };
  readonly shownAt: Date;
  readonly confirmedAt: Date;
}

/** `replayed`: the same visit confirmed before, for this number; nothing was stored. */
export interface ConsentResult {
  readonly outcome: 'recorded' | 'replayed';
  /** `con_…` */
  readonly consent: string;
  readonly msisdn: string;
}

/** A service as the outside shows it: its newest terms. */
export interface Offer {
  readonly serviceCode: string;
  readonly title: string;
  readonly operator: string;
  readonly termsVersion: number;
  readonly priceMinor: bigint;
  readonly currency: string;
  readonly period: 'daily' | 'weekly';
  readonly open: boolean;
  readonly texts: Readonly<Record<string, string>>;
}
