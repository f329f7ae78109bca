import type { CardDeclineReason, DeclineClass } from '#payments/card-gateway';
import type { DeclineTable } from '#payments/card-talk';

function row(reason: CardDeclineReason, decline: DeclineClass) {
  return { reason, class: decline };
}

const badRequest = row('invalid_request', 'request');
const notNow = row('do_not_honor', 'temporary');
const noMore = row('do_not_honor', 'never');
const authenticate = row('authentication_required', 'authentication');
const withdrawn = row('consent_withdrawn', 'never');
const lost = row('lost_or_stolen', 'never');
const invalid = row('invalid_card', 'never');
const wrongCvc = row('invalid_cvv', 'authentication');
const wrongPin = row('authentication_failed', 'authentication');
const restricted = row('restricted_card', 'never');

/** `decline_code` of a card error, or its `code` where it has none. */
export const declineCodes: DeclineTable = {
  approve_with_id: notNow,
  authentication_not_handled: authenticate,
  authentication_required: authenticate,
  call_issuer: notNow,
  card_decline_rate_limit_exceeded: row('limit_exceeded', 'temporary'),
  card_declined: notNow,
  card_not_supported: row('unsupported_card', 'technical'),
  card_velocity_exceeded: row('limit_exceeded', 'funds'),
  currency_not_supported: row('unsupported_card', 'technical'),
  do_not_honor: notNow,
  do_not_try_again: noMore,
  duplicate_transaction: badRequest,
  expired_card: row('expired_card', 'never'),
  fraudulent: row('fraud_suspected', 'never'),
  generic_decline: notNow,
  highest_risk_level: row('fraud_suspected', 'never'),
  incorrect_address: row('authentication_failed', 'authentication'),
  incorrect_cvc: wrongCvc,
  incorrect_number: invalid,
  incorrect_pin: wrongPin,
  incorrect_zip: row('authentication_failed', 'authentication'),
  insufficient_funds: row('insufficient_funds', 'funds'),
  invalid_account: invalid,
  invalid_amount: badRequest,
  invalid_cvc: wrongCvc,
  invalid_expiry_month: invalid,
  invalid_expiry_year: invalid,
  invalid_number: invalid,
  invalid_pin: wrongPin,
  issuer_not_available: row('issuer_unavailable', 'technical'),
  lost_card: lost,
  merchant_blacklist: row('fraud_suspected', 'never'),
  mobile_device_authentication_required: authenticate,
  new_account_information_available: invalid,
  no_action_taken: notNow,
  not_permitted: restricted,
  offline_pin_required: authenticate,
  online_or_offline_pin_required: authenticate,
  payment_intent_authentication_failure: row('authentication_failed', 'authentication'),
  pickup_card: lost,
  pin_try_exceeded: row('authentication_failed', 'never'),
  processing_error: row('gateway_error', 'technical'),
  reenter_transaction: row('gateway_error', 'technical'),
  restricted_card: restricted,
  revocation_of_all_authorizations: withdrawn,
  revocation_of_authorization: withdrawn,
  security_violation: notNow,
  service_not_allowed: restricted,
  stolen_card: lost,
  stop_payment_order: withdrawn,
  testmode_decline: badRequest,
  transaction_not_allowed: restricted,
  try_again_later: row('gateway_error', 'temporary'),
  withdrawal_count_limit_exceeded: row('limit_exceeded', 'funds'),
};
