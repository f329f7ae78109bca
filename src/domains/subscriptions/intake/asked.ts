import type { StartConsent } from '#subscriptions/cards';

/** A request as a caller states it: read, and found sound. */
export interface AskedRequest {
  /** The caller's own key of who pays. */
  readonly user: string;
  /** E.164 with the plus. */
  readonly msisdn: string;
  readonly plan: string;
  readonly kind: 'payment' | 'refund';
  readonly gateway?: string | undefined;
  readonly email?: string | undefined;
  readonly callback?: string | undefined;
  readonly askedBy: string;
  /** Of a payment: what he agreed to, as the caller attests it. */
  readonly order?: AgreedOrder | undefined;
  /** Of a refund: `pay_…`, and how much of it; all that is left unless told. */
  readonly refund?:
    | { readonly payment: string; readonly amountMinor?: bigint | undefined }
    | undefined;
}

/** The version of a plan that was agreed to, its price, and how it was agreed to. */
export interface AgreedOrder {
  readonly version: number;
  readonly amountMinor: bigint;
  readonly currency: string;
  readonly locale: string;
  readonly consent: Omit<StartConsent, 'method' | 'shownAt'>;
}

/** What a caller is answered. */
export type Taken =
  | { readonly outcome: 'taken'; readonly request: string }
  /** He has what he asks for: nothing was sent. */
  | { readonly outcome: 'subscribed'; readonly subscription: string };

/** What lies in a request's details, in JSON's words. */
export interface Details {
  readonly version?: number;
  readonly locale?: string;
  readonly consent?: {
    readonly text: string;
    readonly price: string;
    readonly confirmed_at: string;
    readonly evidence: Readonly<Record<string, unknown>>;
  };
}
