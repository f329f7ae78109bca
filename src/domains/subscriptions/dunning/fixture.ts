import type { CardDeclineReason, DeclineClass } from '#payments';
import type { CardHistory } from './card-limits.ts';
import type { Decline } from './decline.ts';
import type { DunningFacts } from './next-attempt.ts';

export const utc = (text: string) => new Date(`${text}${text.includes('T') ? '' : 'T00:00'}Z`);

/** `2026-03-31 10:00` in the zone: as people there write it. */
export function local(at: Date, timeZone: string): string {
  return at.toLocaleString('sv', { timeZone }).slice(0, 16);
}

/** The class that gateways give each reason; CloudPayments' own table is in its adapter. */
export const usualClass: Readonly<Record<CardDeclineReason, DeclineClass>> = {
  insufficient_funds: 'funds',
  limit_exceeded: 'funds',
  do_not_honor: 'never',
  expired_card: 'never',
  lost_or_stolen: 'never',
  restricted_card: 'never',
  invalid_card: 'never',
  invalid_cvv: 'temporary',
  fraud_suspected: 'never',
  authentication_required: 'authentication',
  authentication_failed: 'authentication',
  consent_withdrawn: 'never',
  cancelled_by_customer: 'never',
  issuer_unavailable: 'technical',
  gateway_error: 'technical',
  terminal_limit: 'temporary',
  unsupported_card: 'never',
  invalid_request: 'request',
};

export function decline(at: Date, reason: CardDeclineReason = 'insufficient_funds'): Decline {
  return { at, reason, class: usualClass[reason], fingerprint: 'card-1' };
}

export function cardOf(changes: Partial<CardHistory> = {}): CardHistory {
  return { fingerprint: 'card-1', brand: 'Visa', declinedAt: [], ...changes };
}

export function factsOf(
  declines: readonly Decline[],
  changes: Partial<DunningFacts> = {},
): DunningFacts {
  const firstDeclinedAt = declines[0]?.at ?? utc('2026-03-02T09:00');
  const base = { subscription: 'sub_1', timeZone: 'Europe/Moscow', card: cardOf() };
  return { ...base, firstDeclinedAt, declines, ...changes };
}
