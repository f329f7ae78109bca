import type { DeclineReason } from '#payments/topics';

/** What an UCIP response code means to us. */
export type CodeMeaning =
  | { readonly outcome: 'accepted' }
  | { readonly outcome: 'declined'; readonly reason: DeclineReason };

/**
 * UCIP response codes as this operator uses them. 0 is success; 11, 27 and 70 are its signs of a postpaid
 * number; 112 is its plain refusal, which in practice means that there is no money.
 */
const MEANINGS: Readonly<Record<string, CodeMeaning>> = {
  0: { outcome: 'accepted' },
  11: { outcome: 'declined', reason: 'postpaid_not_allowed' },
  27: { outcome: 'declined', reason: 'postpaid_not_allowed' },
  70: { outcome: 'declined', reason: 'postpaid_not_allowed' },
  100: { outcome: 'declined', reason: 'operator_error' },
  102: { outcome: 'declined', reason: 'unknown_subscriber' },
  104: { outcome: 'declined', reason: 'barred_or_suspended' },
  112: { outcome: 'declined', reason: 'insufficient_funds' },
  123: { outcome: 'declined', reason: 'limit_exceeded' },
  124: { outcome: 'declined', reason: 'insufficient_funds' },
  126: { outcome: 'declined', reason: 'not_eligible' },
};

/** A code that we do not know is a refusal, never a success: taking any answer that holds a 0 for paid is how money is lost. */
export function meaningOf(code: string): CodeMeaning {
  return MEANINGS[code] ?? { outcome: 'declined', reason: 'operator_error' };
}
