import type { CardDeclineReason, DeclineClass } from '#payments/card-gateway';
import type { DeclineTable } from '#payments/card-talk';

function row(reason: CardDeclineReason, decline: DeclineClass) {
  return { reason, class: decline };
}

/** `cancellation_details.reason`, of payments and of refunds. */
export const cancellationReasons: DeclineTable = {
  '3d_secure_failed': row('authentication_failed', 'authentication'),
  call_issuer: row('do_not_honor', 'temporary'),
  canceled_by_merchant: row('cancelled_by_customer', 'authentication'),
  card_expired: row('expired_card', 'never'),
  country_forbidden: row('restricted_card', 'never'),
  deal_expired: row('invalid_request', 'request'),
  expired_on_capture: row('cancelled_by_customer', 'authentication'),
  expired_on_confirmation: row('cancelled_by_customer', 'authentication'),
  fraud_suspected: row('fraud_suspected', 'never'),
  general_decline: row('do_not_honor', 'temporary'),
  identification_required: row('authentication_required', 'authentication'),
  insufficient_funds: row('insufficient_funds', 'funds'),
  internal_timeout: row('gateway_error', 'technical'),
  invalid_card_number: row('invalid_card', 'never'),
  invalid_csc: row('invalid_cvv', 'authentication'),
  issuer_unavailable: row('issuer_unavailable', 'technical'),
  payment_expired: row('cancelled_by_customer', 'authentication'),
  payment_method_limit_exceeded: row('limit_exceeded', 'funds'),
  payment_method_restricted: row('restricted_card', 'never'),
  permission_revoked: row('consent_withdrawn', 'never'),
  rejected_by_payee: row('do_not_honor', 'temporary'),
  unsupported_mobile_operator: row('unsupported_card', 'technical'),
  yoo_money_account_closed: row('invalid_card', 'never'),
};

/** What was reserved has been let go: nobody has refused anything. */
export const LET_GO: ReadonlySet<string> = new Set(['canceled_by_merchant', 'expired_on_capture']);
