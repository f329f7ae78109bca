/** Why a payment was cancelled, and by whom. */
const parties = {
  '3d_secure_failed': 'payment_network',
  call_issuer: 'payment_network',
  card_expired: 'payment_network',
  country_forbidden: 'yoo_kassa',
  fraud_suspected: 'yoo_kassa',
  general_decline: 'payment_network',
  identification_required: 'yoo_kassa',
  insufficient_funds: 'payment_network',
  invalid_card_number: 'payment_network',
  invalid_csc: 'payment_network',
  issuer_unavailable: 'payment_network',
  payment_method_limit_exceeded: 'payment_network',
  payment_method_restricted: 'payment_network',
  permission_revoked: 'yoo_kassa',
  internal_timeout: 'yoo_kassa',
  canceled_by_merchant: 'merchant',
  payment_expired: 'payment_network',
  expired_on_confirmation: 'yoo_kassa',
  expired_on_capture: 'yoo_kassa',
} as const;

export type Reason = keyof typeof parties;
export const reasons = Object.keys(parties) as readonly Reason[];

export interface CancellationDetails {
  readonly party: 'merchant' | 'yoo_kassa' | 'payment_network';
  readonly reason: Reason;
}

export function detailsOf(reason: Reason): CancellationDetails {
  return { party: parties[reason], reason };
}

/** What a fault asks for; what is no reason is a general decline. */
export function reasonOf(code: string | undefined): Reason {
  return reasons.find((reason) => reason === code) ?? 'general_decline';
}

/** What may come of a card that is entered on the page. */
export const reasonsOfCards: readonly Reason[] = [
  ...(['insufficient_funds', '3d_secure_failed', 'card_expired', 'call_issuer'] as const),
  ...(['invalid_csc', 'invalid_card_number', 'issuer_unavailable', 'general_decline'] as const),
  ...(['fraud_suspected', 'payment_method_limit_exceeded', 'payment_method_restricted'] as const),
];
