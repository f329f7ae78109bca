import { entryOf } from '#json';
import type { CardDeclineReason, DeclineClass } from '#payments/card-gateway';
import type { Declined } from './answer.ts';

/** What a gateway's own code means to the house. */
export interface DeclineMeaning {
  readonly reason: CardDeclineReason;
  readonly class: DeclineClass;
}

export type DeclineTable = Readonly<Record<string, DeclineMeaning>>;

/** A code that nobody has told us: later it may go, or a person will have looked. */
const UNHEARD_OF: DeclineMeaning = { reason: 'gateway_error', class: 'temporary' };

export interface DeclineMore {
  readonly transaction?: string | undefined;
  readonly retryAfterMs?: number | undefined;
}

/** A decline with a code of the table. A code that it lacks is a refusal too, never a success. */
export function declinedBy(table: DeclineTable, code: string, more: DeclineMore = {}): Declined {
  const meaning = entryOf(table, code) ?? UNHEARD_OF;
  const { retryAfterMs, transaction } = more;
  return {
    ...{ outcome: 'declined', reason: meaning.reason, class: meaning.class, code },
    ...(transaction === undefined ? {} : { transaction }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  };
}
