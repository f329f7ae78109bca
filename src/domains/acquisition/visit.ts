import { readToken, signToken } from '#auth';
import { fail } from './errors.ts';

/** One person's way through a campaign's pages. It lives in the signed token of the form, nowhere else. */
export interface Visit {
  /** `hit_…`; one visit gives at most one consent. */
  readonly hit: string;
  /** The campaign's link. */
  readonly campaign: string;
  readonly termsVersion: number;
  /** Hash of all that the page said: a consent is to this and to nothing else. */
  readonly fingerprint: string;
  readonly source: 'operator_header' | 'query' | 'none';
  readonly msisdn?: string;
  readonly affSub?: string;
  readonly affPub?: string;
  readonly shownAtMs: number;
}

/** A visit whose number has been typed, and to which a PIN has gone. */
export interface PinVisit extends Visit {
  readonly msisdn: string;
  readonly pinSentAtMs: number;
}

/** `landing` asks for a number, `confirm` for a known number's word, `pin` for the PIN. */
export type Step = 'landing' | 'confirm' | 'pin';

/** A form older than this is shown anew: prices change, and people put their phones down. */
export const FORM_LIFETIME_MS = 60 * 60_000;

export interface Sealing {
  readonly secret: string;
  readonly now: Date;
}

/** A token of one step is invalid at another: nobody gets past the PIN with the form before it. */
export function signVisit(visit: Visit, step: Step, { secret, now }: Sealing): string {
  return signToken(visit, { secret, purpose: `visit-${step}`, now });
}

/** Throws `token_invalid`, `token_expired`, or `form_of_another_page` when it is of another campaign. */
export function readVisit<Of extends Visit>(
  form: { readonly token: string; readonly link: string },
  step: Step,
  { secret, now }: Sealing,
): Of {
  const visit = readToken<Of>(form.token, {
    ...{ secret, now, purpose: `visit-${step}`, maxAgeMs: FORM_LIFETIME_MS },
  });
  if (visit.campaign !== form.link) {
    throw fail('form_of_another_page', 'This form belongs to another page. Open the page again.');
  }
  return visit;
}
