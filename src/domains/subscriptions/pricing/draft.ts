import type { PricedSubscription } from './priced-subscription.ts';
import type { QuoteLine } from './quote-line.ts';

/** Why something can't be priced now, for people to act on. */
export type QuoteRefusal =
  /** The bill of the current period is open: it is paid first. */
  | 'period_unpaid'
  /** The current period is over: it is renewed first. */
  | 'period_over'
  | 'paused'
  /** It ends with its period: nothing about it changes any more. */
  | 'ending'
  | 'nothing_changes'
  | 'currency_differs'
  | 'quantity_invalid';

export interface Draft {
  readonly outcome: 'drafted';
  readonly lines: readonly QuoteLine[];
  /** From when on it holds; a change that has to be paid holds once it is. */
  readonly takesEffectAt: Date;
  /** Where a sum below 0 goes: by default to the balance. */
  readonly unused: 'credit' | 'refund';
  /** The subscription as it is afterwards, but for its balance and payments; absent when nothing is left of it. */
  readonly after: PricedSubscription | undefined;
}

export type DraftResult = Draft | { readonly outcome: 'refused'; readonly reason: QuoteRefusal };

export function refuse(reason: QuoteRefusal): DraftResult {
  return { outcome: 'refused', reason };
}
