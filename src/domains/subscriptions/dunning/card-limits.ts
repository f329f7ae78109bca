import type { Budget, DunningPolicy } from './policy.ts';

export type CardBrand = keyof DunningPolicy['budgets'];

/** A card, and what was tried on it for whatever bill: its limits are the card's, not the bill's. */
export interface CardHistory {
  /** The same for the same card, whoever saved it how often. */
  readonly fingerprint: string;
  /** As the gateway names it; limits are by the network. */
  readonly brand: string;
  /** When it was declined for any bill, of the last 30 days at least; in any order. */
  readonly declinedAt: readonly Date[];
}

const HOUR_MS = 3_600_000;

export function brandOf(name: string): CardBrand {
  const plain = name.toLowerCase().replaceAll(/[^a-z]/g, '');
  if (plain === 'visa' || plain === 'mir') return plain;
  return plain === 'mastercard' || plain === 'maestro' ? 'mastercard' : 'other';
}

/** The first moment from `from` on at which neither the rest of a card nor a budget of its network forbids another attempt. */
export function firstAllowed(card: CardHistory, from: Date, policy: DunningPolicy): Date {
  const times = card.declinedAt.map((at) => at.getTime()).toSorted((one, other) => one - other);
  const rested = Math.max(from.getTime(), restEndMs(times, policy.rest));
  const budgets = policy.budgets[brandOf(card.brand)];
  const free = budgets.map((budget) => freeMs(times, rested, budget));
  return new Date(Math.max(rested, ...free));
}

function restEndMs(times: readonly number[], rest: DunningPolicy['rest']): number {
  const last = times.at(-1);
  const first = times.at(-rest.tries);
  if (last === undefined || first === undefined) return Number.NEGATIVE_INFINITY;
  return last - first < rest.withinHours * HOUR_MS
    ? last + rest.hours * HOUR_MS
    : Number.NEGATIVE_INFINITY;
}

/** When fewer than `most` lie within the hours before: what pushes it is the one that is the `most`-th from the end. */
function freeMs(times: readonly number[], fromMs: number, { hours, most }: Budget): number {
  const pushing = times.at(-most);
  return pushing === undefined ? fromMs : Math.max(fromMs, pushing + hours * HOUR_MS);
}
