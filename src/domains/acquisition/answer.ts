import type { Closed, Showing } from './showing.ts';

interface OfShowing {
  readonly showing: Showing;
}

/** A form that can go on: its token carries the visit. */
interface OfForm extends OfShowing {
  readonly token: string;
}

interface OfPinForm extends OfForm {
  readonly msisdn: string;
}

/** What a visitor is shown next. */
export type Answer =
  | (OfForm & { readonly kind: 'landing'; readonly msisdn?: string })
  | (OfForm & {
      readonly kind: 'number_refused';
      readonly typed: string;
      /** It is no number, or one of somebody else's customers. */
      readonly why: 'invalid' | 'foreign';
    })
  /** What the person saw is no longer what is offered: shown anew, nothing stored. */
  | (OfForm & { readonly kind: 'offer_changed'; readonly msisdn?: string })
  | (OfPinForm & { readonly kind: 'pin_sent' })
  | (OfPinForm & { readonly kind: 'pin_cooling'; readonly seconds: number })
  | (OfPinForm & { readonly kind: 'pin_too_many' })
  | (OfPinForm & { readonly kind: 'pin_wrong'; readonly triesLeft: number })
  | (OfPinForm & { readonly kind: 'pin_locked' | 'pin_expired' | 'pin_none' })
  /** The consent is stored: now, or by the same form before. */
  | (OfShowing & { readonly kind: 'done'; readonly msisdn: string })
  | ({ readonly kind: 'closed' } & Closed);
